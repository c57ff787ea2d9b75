#!/bin/sh
# Makes the recordings and pictures in this folder anew (ffmpeg; Chromium and playwright-core for the browser's own).
set -eu
cd "$(dirname "$0")"
ff() { ffmpeg -nostdin -hide_banner -loglevel error -y "$@"; }
tone="sine=frequency=440:sample_rate=48000:duration=1.5"
picture="testsrc=size=64x48:rate=10:duration=1"

ff -f lavfi -i "$tone" -c:a libopus -b:a 16k opus.ogg
ff -f lavfi -i "$tone" -c:a libvorbis -q:a 0 -ac 2 vorbis.ogg
ff -f lavfi -i "$tone" -c:a libopus -b:a 16k opus.webm
ff -f lavfi -i "$tone" -c:a libopus -b:a 16k opus.mka
ff -f lavfi -i "$tone" -c:a aac -b:a 16k aac.m4a
ff -f lavfi -i "$tone" -c:a aac -b:a 16k -movflags +faststart aac-faststart.m4a
ff -f lavfi -i "$tone" -c:a aac -b:a 16k -movflags frag_keyframe+empty_moov+default_base_moof -frag_duration 400000 fragmented.m4a
ff -f lavfi -i "$tone" -c:a libopus -b:a 16k -strict -2 opus.mp4
ff -f lavfi -i "$tone" -c:a alac -ar 8000 alac.m4a
ff -f lavfi -i "$tone" -c:a libmp3lame -b:a 32k cbr.mp3
ff -f lavfi -i "$tone" -c:a libmp3lame -b:a 32k -write_xing 0 -id3v2_version 0 cbr-plain.mp3
ff -f lavfi -i "$tone" -c:a libmp3lame -q:a 9 -metadata title=Tone vbr.mp3
ff -f lavfi -i "$tone" -c:a libmp3lame -q:a 9 -write_xing 0 -write_id3v1 1 -metadata title=Tone vbr-plain.mp3
ff -f lavfi -i "$tone" -c:a libmp3lame -b:a 16k -ar 16000 mpeg2.mp3
ff -f lavfi -i "$tone" -c:a mp2 -b:a 32k -ar 32000 -f mp2 layer2.mp2
ff -f lavfi -i "$tone" -c:a aac -b:a 16k -f adts adts.aac
ff -f lavfi -i "$tone" -c:a pcm_s16le -ar 2000 pcm16.wav
ff -f lavfi -i "$tone" -c:a pcm_u8 -ar 2000 pcm8.wav
ff -f lavfi -i "$tone" -c:a pcm_s24le -ar 2000 pcm24.wav
ff -f lavfi -i "$tone" -c:a pcm_f32le -ar 2000 float32.wav
ff -f lavfi -i "$tone" -c:a pcm_alaw -ar 2000 alaw.wav
ff -f lavfi -i "$tone" -c:a adpcm_ms -ar 2000 adpcm.wav
ff -f lavfi -i "$tone" -c:a pcm_s16le -ar 2000 -f wav - > piped.wav
ff -f lavfi -i "$picture" -f lavfi -i "$tone" -c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a aac -b:a 16k video.mp4
ff -f lavfi -i "$picture" -c:v libvpx -b:v 50k video.webm
ff -f lavfi -i "$picture" -c:v mjpeg -q:v 20 video.mov
ff -i video.mp4 -c copy -metadata:s:v:0 rotate=90 rotated.mp4

still="testsrc=size=64x48"
ff -f lavfi -i "$still" -frames:v 1 still.png
ff -f lavfi -i "$still" -frames:v 1 -vf format=rgba,geq=r='X':g='Y':b='0':a='128' alpha.png
ff -f lavfi -i "$still" -frames:v 1 -q:v 5 still.jpg
ff -f lavfi -i "$still" -frames:v 1 -c:v libwebp lossy.webp
ff -f lavfi -i "$still" -frames:v 1 -c:v libwebp -lossless 1 lossless.webp
ff -f lavfi -i "$picture" -c:v libwebp_anim -loop 0 animated.webp
ff -f lavfi -i "$still" -frames:v 3 animated.gif
ff -f lavfi -i "$still" -frames:v 1 -c:v libaom-av1 -still-picture 1 -cpu-used 8 still.avif

node record.mjs
