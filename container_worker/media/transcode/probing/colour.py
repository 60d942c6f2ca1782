"""ffmpeg's names of colour properties, by the numbers of H.273, and our names of HDR metadata, by PyAV's.

The number of RGB is left out, as no rendition is RGB.
"""

PRIMARIES = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020", 10: "smpte428",
    11: "smpte431", 12: "smpte432", 22: "ebu3213",
}  # fmt: skip
TRANSFERS = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100", 10: "log316",
    11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 17: "smpte428",
    18: "arib-std-b67",
}  # fmt: skip
SPACES = {
    1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc", 10: "bt2020c",
    11: "smpte2085", 12: "chroma-derived-nc", 13: "chroma-derived-c", 14: "ictcp",
}  # fmt: skip
RANGES = {1: "tv", 2: "pc"}
#: Kinds of side data of a frame.
HDR_METADATA = {
    "MASTERING_DISPLAY_METADATA": "mastering_display", "CONTENT_LIGHT_LEVEL": "content_light_level",
    "DYNAMIC_HDR_PLUS": "hdr10_plus", "DOVI_METADATA": "dolby_vision", "DOVI_RPU_BUFFER": "dolby_vision",
    "DYNAMIC_HDR_VIVID": "hdr_vivid",
}  # fmt: skip
