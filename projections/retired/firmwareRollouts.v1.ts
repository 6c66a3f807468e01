import { firmwareRollouts } from '../firmwareRollouts.ts'
import { withoutColumns } from './withoutColumns.ts'

/** Without how many devices of a share must have reported. */
export const firmwareRolloutsV1 = withoutColumns(firmwareRollouts, 1, { step_min_devices: null })
