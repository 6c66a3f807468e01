import { fileTypeFromBuffer } from 'file-type'

/** Bytes that are enough to tell a container by. */
export const sniffBytes = 4100

/** What the content type of a recording is, by its first bytes; undefined for anything that is no sound container. */
export async function audioType(first: Buffer): Promise<string | undefined> {
  const found = await fileTypeFromBuffer(first)
  return found && containers[found.ext]
}

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
