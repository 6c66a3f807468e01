import type { ReadyModel } from '../domain/gpuServer.ts'
import type { Projection } from './engine/projection.ts'

export interface GpuServerRow {
  id: string
  name: string
  url: string
  has_token: boolean
  max_concurrency: number
  status: 'enabled' | 'disabled' | 'removed'
  health: 'unknown' | 'up' | 'down'
  health_since: string | null
  reason: string | null
  models: readonly ReadyModel[]
  created_at: string
}

export const gpuServers: Projection<GpuServerRow> = {
  name: 'gpu_servers',
  version: 1,
  indexes: [],
  on: {
    GpuServerRegistered: {
      create: ({ id, data: { sealed_token, registered_at, ...data } }) => ({
        id,
        ...data,
        has_token: sealed_token !== '',
        status: 'enabled',
        health: 'unknown',
        health_since: null,
        reason: null,
        models: [],
        created_at: registered_at,
      }),
    },
    GpuServerChanged: (row, { data: { sealed_token, changed_at: _, ...data } }) => ({
      ...row,
      ...data,
      ...(sealed_token !== undefined && { has_token: sealed_token !== '' }),
      // Nobody has looked at it there.
      ...(data.url !== undefined && { health: 'unknown', health_since: null, reason: null, models: [] }),
    }),
    GpuServerEnabled: (row) => ({ ...row, status: 'enabled' }),
    GpuServerDisabled: (row) => ({ ...row, status: 'disabled' }),
    GpuServerWentDown: (row, { data: { reason, went_down_at } }) => ({
      ...row,
      health: 'down',
      health_since: went_down_at,
      reason,
      models: [],
    }),
    GpuServerRecovered: (row, { data }) => ({ ...row, health: 'up', health_since: data.recovered_at, reason: null }),
    GpuServerModelsObserved: (row, { data }) => ({ ...row, models: data.models }),
    GpuServerRemoved: (row) => ({ ...row, status: 'removed' }),
  },
}
