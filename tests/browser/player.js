// Plays a ladder with hls.js, and reports by POST in real time. The address says which: ?ladder=…&does=ended|switch|seek|tracks
"use strict";

const asked = new URLSearchParams(location.search);
const video = document.getElementById("video");
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const told = { errors: [], levels: [], shown: [] };
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const once = (target, name) => new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));

// Each test frame shows its number in 8 columns of blocks: light above and dark below for a 1.
function numberShown() {
  const [width, height] = [video.videoWidth, video.videoHeight];
  Object.assign(canvas.canvas, { width, height });
  canvas.drawImage(video, 0, 0);
  const light = (column, y) => canvas.getImageData(Math.floor(((column + 0.5) * width) / 8), Math.floor(y * height), 1, 1).data[0];
  return [...Array(8).keys()].reduce((sum, bit) => sum + (light(bit, 0.25) > light(bit, 0.75) ? 2 ** bit : 0), 0);
}

function watchFrames() {
  video.requestVideoFrameCallback((_now, frame) => {
    told.shown.push([frame.mediaTime, numberShown(), frame.height]);
    watchFrames();
  });
}

async function report() {
  const quality = video.getVideoPlaybackQuality();
  Object.assign(told, {
    ended: video.ended, time: video.currentTime, duration: video.duration, height: video.videoHeight,
    decoded: quality.totalVideoFrames, dropped: quality.droppedVideoFrames, begin: video.buffered.length ? video.buffered.start(0) : null,
  });
  await fetch("/report", { method: "POST", body: JSON.stringify(told) });
}

const levelOf = (height) => hls.levels.findIndex((level) => level.height === height);

const deeds = {
  async ended() {
    await once(video, "ended");
  },
  async switch() {
    await wait(2500);
    hls.nextLevel = levelOf(Number(asked.get("to")));
    await once(video, "ended");
  },
  async seek() {
    await wait(1000);
    for (const time of [13.02, 3.5, 17.98, 6.0]) {
      video.currentTime = time;
      await once(video, "seeked");
      // Frames that were on their way before are told of before.
      const before = told.shown.length;
      await wait(400);
      told.shown.splice(before, 0, [null, time, 0]);
    }
  },
  async tracks() {
    await wait(1500);
    hls.audioTrack = 1;
    hls.subtitleTrack = 0;
    await wait(4000);
    told.sounds = hls.audioTracks.map((track) => track.lang);
    told.sound = hls.audioTrack;
    told.cues = [...video.textTracks].flatMap((track) => [...(track.cues || [])].map((cue) => [cue.startTime, cue.endTime, cue.text]));
  },
};

const hls = new Hls({ startFragPrefetch: true });
hls.on(Hls.Events.ERROR, (_event, data) => told.errors.push([data.details, data.fatal, String(data.reason || data.error || "")]));
hls.on(Hls.Events.LEVEL_SWITCHED, (_event, data) => told.levels.push(hls.levels[data.level].height));
hls.on(Hls.Events.MANIFEST_PARSED, async () => {
  hls.startLevel = hls.currentLevel = levelOf(Number(asked.get("height")));
  watchFrames();
  await video.play();
  await deeds[asked.get("does")]();
  await report();
});
hls.loadSource(asked.get("ladder"));
hls.attachMedia(video);
