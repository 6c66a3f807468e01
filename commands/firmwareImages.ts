import { z } from 'zod'
import * as Device from '../domain/device.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import { serve, type Source } from '../ops/platform/media.ts'
import { Id, notFound, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import { deviceOf, type Find, releaseFor } from './firmwareAskers.ts'

const bytes = z.string().meta({ description: 'The image', contentMediaType: 'application/octet-stream' })

/**
 * `GET /api/v1/firmware/:id/image`: the bytes of a release that the device may be offered, in whatever ranges; nothing of it is an event.
 * @param refreshed as it is stored now, of what was not heard to be published
 */
export const firmwareImages = ({
  find,
  refreshed,
  images,
}: {
  find: Find
  refreshed: Find
  images: Source
}): Route[] => [
  route<{ id: string }>({
    method: 'GET',
    path: '/api/v1/firmware/:id/image',
    permission: 'firmware:fetch',
    params: Id,
    answers: {
      200: bytes,
      206: bytes,
      403: ProblemDocument,
      404: ProblemDocument,
      416: ProblemDocument,
      503: ProblemDocument,
    },
    run: async ({ params: { id }, caller, raw }) => {
      const { device_id, facility_id } = deviceOf(caller)
      const { model } = Device.known(await find(Device, device_id))
      const heard = await find(FirmwareRelease, id)
      const state = heard.status === 'published' ? heard : await refreshed(FirmwareRelease, id)
      const { status, object_key, size_bytes, sha256 } = releaseFor(state, { model, facility_id })
      if (status !== 'published') throw notFound()
      return serve(images, { object_key, size_bytes, sha256, content_type: 'application/octet-stream' }, raw.headers)
    },
  }),
]
