import { fileTypeFromBuffer } from 'file-type'

/** Bytes that are enough to tell a container by. */
export const sniffBytes = 4100

const containers: Readonly<Record<string, string>> = {
  wav: 'audio/wav',
  flac: 'audio/flac',
  mp3: 'audio/mpeg',
  aac: 'audio/aac',
  m4a: 'audio/mp4',
  mp4: 'audio/mp4',
  ogg: 'audio/ogg',
  oga: 'audio/ogg',
  opus: 'audio/ogg',
  webm: 'audio/webm',
  mkv: 'audio/x-matroska',
  aif: 'audio/aiff',
}

/** What the content type of a recording is, by its first bytes; undefined for anything that is no sound container. */
export async function audioType(first: Buffer): Promise<string | undefined> {
  const found = await fileTypeFromBuffer(first)
  const type = found && containers[found.ext]
  // Matroska and WebM say first what is in them: a codec id that begins with V_ is a picture’s.
  const isVideo = /^audio\/(?:webm|x-matroska)$/.test(type ?? '') && /\x86[\x80-\xbf]V_/.test(first.toString('latin1'))
  return isVideo ? undefined : type
}

/** The handler of a track of pictures, as MP4 names it: that may come at the very end of a file. */
const videoTrack = Buffer.concat([Buffer.from('hdlr'), Buffer.alloc(8), Buffer.from('vide')])

/** The same bytes; throws what `refusal` makes once an MP4 turns out to have pictures in it. */
export async function* withoutVideo(
  bytes: AsyncIterable<Buffer>,
  contentType: string,
  refusal: () => Error,
): AsyncGenerator<Buffer> {
  let tail: Buffer = Buffer.alloc(0)
  for await (const chunk of bytes) {
    if (contentType === 'audio/mp4') {
      const seam = Buffer.concat([tail, chunk.subarray(0, videoTrack.length - 1)])
      if (chunk.includes(videoTrack) || seam.includes(videoTrack)) throw refusal()
      tail = (chunk.length < videoTrack.length ? seam : chunk).subarray(1 - videoTrack.length)
    }
    yield chunk
  }
}
