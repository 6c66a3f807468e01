import type { Handler, Projection } from '../engine/projection.ts'
import { firmwareChannels, type FirmwareChannelRow } from '../firmwareChannels.ts'

type RowV1 = Omit<FirmwareChannelRow, 'told' | 'left_versions'>
type Rows = Extract<Handler<FirmwareChannelRow, 'FirmwareActivated'>, { rows: unknown }>

const since = { told: [], left_versions: [] }

/** What else there is in a row does not depend on what came with version 2. */
function before({ rows, fold }: Rows): Extract<Handler<RowV1, 'FirmwareActivated'>, { rows: unknown }> {
  return {
    rows,
    fold: (row, event) => {
      const folded = fold(row && { ...row, ...since }, event)
      if (!folded) return folded
      const { told: _, left_versions: __, ...rest } = folded
      return rest
    },
  }
}

/** Without what devices go back from. */
export const firmwareChannelsV1: Projection<RowV1> = {
  ...firmwareChannels,
  version: 1,
  on: Object.fromEntries(Object.entries(firmwareChannels.on).map(([type, handler]) => [type, before(handler as Rows)])),
}
