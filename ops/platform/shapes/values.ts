import { z } from 'zod'

/** What the resources are made of, as clients see them: in answers of commands and of queries alike. Absent values are null. */
export const time = z.iso.datetime()

export const id = z.uuid()
