// Records in Chromium as the web app does, for the tests: what MediaRecorder writes has no duration.
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const { chromium } = createRequire(new URL('../../../web/package.json', import.meta.url))('playwright-core')
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
const page = await browser.newPage()
for (const [file, type, video, paused] of [
  ['chromium.webm', 'audio/webm;codecs=opus', false],
  ['chromium-paused.webm', 'audio/webm;codecs=opus', false, true],
  ['chromium-video.webm', 'video/webm;codecs=vp8,opus', true],
]) {
  const bytes = await page.evaluate(record, { type, video, paused, ms: 1500 })
  writeFileSync(new URL(file, import.meta.url), Buffer.from(bytes, 'base64'))
}
await browser.close()

async function record({ type, video, paused, ms }) {
  const context = new AudioContext({ sampleRate: 48000 })
  const tone = new OscillatorNode(context, { frequency: 440 })
  const out = context.createMediaStreamDestination()
  tone.connect(out)
  tone.start()
  const stream = out.stream
  if (video) {
    const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 })
    const pen = canvas.getContext('2d')
    setInterval(() => {
      pen.fillStyle = `hsl(${performance.now() / 5} 100% 50%)`
      pen.fillRect(0, 0, 64, 48)
    }, 50)
    stream.addTrack(canvas.captureStream(10).getVideoTracks()[0])
  }
  const recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: 16000, videoBitsPerSecond: 50000 })
  const parts = []
  recorder.ondataavailable = (e) => parts.push(e.data)
  const stopped = new Promise((done) => { recorder.onstop = done })
  recorder.start(paused ? undefined : 250)
  await new Promise((done) => setTimeout(done, ms))
  if (paused) {
    recorder.pause()
    recorder.requestData()
    await new Promise((done) => setTimeout(done, 500))
    recorder.resume()
    await new Promise((done) => setTimeout(done, ms / 3))
  }
  recorder.stop()
  await stopped
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer())
  return btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''))
}
