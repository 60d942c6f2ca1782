"""Numbers of the renderer, with unit, reason and source.

Sources: "front" is the comparison of encoder settings in `make bench-render`; "look" was judged on extracted frames.
"""

#: Part of every fingerprint; raise it when a change makes the same scene give another video.
RENDERER_VERSION = 9

# --- encoder -------------------------------------------------------------------------------------
#: x264 preset and extras: subme 1 with a diamond search and one reference halve veryfast's time on slow motion over a still,
#: where nothing moves against its surroundings (no blocks smaller than 16x16 but those within a frame) and nothing is cut;
#: the lower CRF buys the quality back (front).
X264_PRESET = "veryfast"
X264_PARAMS = "subme=1:me=dia:ref=1:partitions=i8x8,i4x4:rc-lookahead=5:weightp=0:b-adapt=0:scenecut=0"
X264_CRF = 21
#: SVT-AV1: faster, smaller and better than x264 veryfast on such pictures; looking further ahead than 8 frames, or
#: filtering over time, takes time and gains little where the motion never changes. At this CRF it is better than our H.264 is
#: at its own, in two fifths of the size; a lower one takes time that such pictures do not show (front).
AV1_PRESET = 13
AV1_PARAMS = "lookahead=8:enable-tf=0"
AV1_CRF = 45
#: A film's fades get a CRF this much lower than its scenes: two pictures lie over one another, nothing moves alike, and
#: weighted prediction is off (a copied scene's headers say so). At 4 less a fade's frames are as near to their ideal as a
#: scene's (37 dB on the tests' pictures, against 33 without).
FADE_CRF_LESS = 4
#: Seconds between keyframes: seeking stays quick, and a slow zoom pays little for it.
KEYFRAME_S = 4.0

# --- sound ---------------------------------------------------------------------------------------
AUDIO_HZ = 48_000
#: The limiter's peak level, -1.5 dBFS, which leaves room for lossy coding.
AUDIO_PEAK = 0.841
#: Longest narration or music, in seconds.
MAX_SOUND_S = 3 * 3600.0
#: Shortest music, in seconds, because each repetition costs a seek.
MIN_MUSIC_S = 0.1
#: ffmpeg's demuxers that may open a sound, and the formats' common names.
AUDIO_FORMATS = ("mp3", "wav", "flac", "ogg", "aac", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "aiff", "w64", "caf")
AUDIO_NAMES = ("MP3", "WAV", "FLAC", "Ogg", "AAC", "M4A", "MP4", "MOV", "Matroska", "WebM", "AIFF", "W64", "CAF")

# --- picture -------------------------------------------------------------------------------------
#: Largest picture, in pixels, checked before decoding: 100 MP are 300 MB as RGB.
MAX_PICTURE_PX = 100_000_000
#: Formats with a lower limit: WebP's decoder needs 15 bytes a pixel.
MAX_PICTURE_PX_OF = {"WEBP": 64_000_000}
#: A picture of more pixels than this is reduced right after decoding, as far as its frame allows.
LARGE_PICTURE_PX = 32_000_000
#: CPU seconds a child may spend on reading its inputs; three hours of narration take less than 100.
PREPARATION_CPU_S = 300
PICTURE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
#: fit auto crops if at most this share of the picture is lost.
AUTO_COVER_LOSS = 1 / 3
#: The picture's planes are this much larger than the widest zoom needs: sampling between neighbours then blurs less. Not 1.2
#: or 1.25: of a scale that is a simple fraction, too few samples begin near a given place (resampling.py).
OVERSAMPLING = 1.17
#: Smallest zoom of a pan, which needs room to move.
MIN_PAN_ZOOM = 1.05
#: A decoded picture may be reduced to this multiple of (frame's longer side x zoom), so that it stays larger than the canvas,
#: whose multiple is at most MIN_PAN_ZOOM * OVERSAMPLING = 1.23.
MIN_DECODED_SCALE = 1.25
#: The backdrop of fit contain: blurred at this width in pixels, darkened to this share.
BACKDROP_WIDTH_PX = 96
BACKDROP_BRIGHTNESS = 0.55

# --- subtitles -----------------------------------------------------------------------------------
#: Largest subtitle file, in bytes, and most cues in it.
MAX_SUBTITLE_BYTES = 8 * 1024 * 1024
MAX_CUES = 20_000
#: Longest text of one cue, in characters; more fits on no frame.
MAX_CUE_CHARS = 2_000
#: Distance of two baselines, in em (look).
LINE_HEIGHT_EM = 1.32
#: Height above and below the baseline reserved for every line, in em: what Latin and CJK need.
ASCENT_EM = 0.95
DESCENT_EM = 0.30
#: The box around the text, in em (look).
BOX_PAD_X_EM = 0.42
BOX_PAD_Y_EM = 0.16
BOX_RADIUS_EM = 0.18
#: Largest share of the frame's height that lines fill; further ones are dropped with a warning.
MAX_TEXT_SHARE = 0.6
#: Largest number of system font files searched for characters that the packaged fonts lack; each takes 5 to 40 ms.
MAX_FONT_FILES = 150

# --- running -------------------------------------------------------------------------------------
#: Seconds between two progress reports of a render child.
PROGRESS_S = 0.2
