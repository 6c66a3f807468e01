import { firmwareChannels } from '../firmwareChannels.ts'
import { withoutColumns } from './withoutColumns.ts'

/** Without what devices go back from. */
export const firmwareChannelsV1 = withoutColumns(firmwareChannels, 1, { told: [], left_versions: [] })
