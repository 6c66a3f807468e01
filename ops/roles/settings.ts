import type * as Settings from '../../domain/settings.ts'
import type { Config } from '../platform/config.ts'

/** What the environment says of settings: it wins over everything that is set while it runs. */
export const settingsOf = ({ TRANSCODE_DEFAULT_FORMAT, TRANSCODE_DEFAULT_BITRATE }: Config): Settings.State => ({
  ...(TRANSCODE_DEFAULT_FORMAT && { transcode_formats: TRANSCODE_DEFAULT_FORMAT }),
  ...(TRANSCODE_DEFAULT_BITRATE !== undefined && { transcode_bitrate: TRANSCODE_DEFAULT_BITRATE }),
})
