import type * as FirmwareRelease from '../domain/firmwareRelease.ts'
import type * as InferenceJob from '../domain/inferenceJob.ts'
import type * as TranscodeJob from '../domain/transcodeJob.ts'
import type * as Upload from '../domain/upload.ts'

/** An object that an event says is in the store. */
export interface Named {
  object_key: string
  size_bytes?: number
}

type Of<Event extends { type: string; data: object }> = { [E in Event as E['type']]?: (data: E['data']) => Named[] }

const naming: Of<Upload.Event | TranscodeJob.Event | InferenceJob.Event | FirmwareRelease.Event> = {
  UploadReceived: (upload) => [upload],
  TranscodeRenditionMade: ({ rendition }) => [rendition],
  TranscodeCompleted: ({ renditions, peaks }) => [...renditions, peaks],
  InferenceCompleted: ({ stored_result }) => (stored_result ? [stored_result] : []),
  FirmwareReleaseUploaded: (release) => [release],
}

/** Which objects an event names, by its type alone: what people and devices write into it names none. */
export function objectsOf({ type, data }: { type: string; data: object }): Named[] {
  const named = (naming as Record<string, ((data: object) => Named[]) | undefined>)[type]
  return named ? named(data) : []
}
