import type { Projection } from './engine/projection.ts'

export interface TagRow {
  id: string
  facility_id: string
  name: string
  status: 'active' | 'deleted'
  created_at: string
}

export const tags: Projection<TagRow> = {
  name: 'tags',
  version: 1,
  indexes: ['facility_id, name, id', 'name, id'],
  on: {
    TagCreated: { create: ({ id, data }) => ({ id, ...data, status: 'active' }) },
    TagRenamed: (row, { data }) => ({ ...row, name: data.name }),
    TagDeleted: (row) => ({ ...row, status: 'deleted' }),
  },
}
