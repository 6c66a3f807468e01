import { z } from 'zod'

// The files beside this one: the resources as clients see them, in answers of commands and of queries alike. Absent values are null.

export const time = z.iso.datetime()
export const id = z.uuid()
