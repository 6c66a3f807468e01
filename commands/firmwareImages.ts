import { z } from 'zod'
import * as Device from '../domain/device.ts'
import { serve, type Source } from '../ops/platform/media.ts'
import { Id, notFound, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import { deviceOf, type Find, type Refreshed, releaseFor } from './firmwareAskers.ts'

const bytes = z.string().meta({ description: 'The image', contentMediaType: 'application/octet-stream' })

/**
 * `GET /api/v1/firmware/:id/image`: the bytes of a release that the device may be offered, in whatever ranges; nothing of it is an event.
 */
export const firmwareImages = ({
  find,
  refreshed,
  images,
}: {
  find: Find
  refreshed: Refreshed
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
      const release = await releaseFor({ model, facility_id }, id, { find, refreshed })
      const { status, object_key, size_bytes, sha256 } = release
      if (status !== 'published') throw notFound()
      return serve(images, { object_key, size_bytes, sha256, content_type: 'application/octet-stream' }, raw.headers)
    },
  }),
]
