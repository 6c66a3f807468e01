import { Code, Refusal } from '../refusal.ts'

const trailers = (exception: string, stream: string, group: string) => ({
  exception,
  'stream-name': stream,
  'group-name': group,
})

export const exists = (stream: string, group: string): Refusal =>
  new Refusal(
    Code.alreadyExists,
    `Subscription group ${group} on stream ${stream} already exists.`,
    trailers('persistent-subscription-exists', stream, group),
  )

export const doesNotExist = (stream: string, group: string): Refusal =>
  new Refusal(
    Code.notFound,
    `Subscription group ${group} on stream ${stream} does not exist.`,
    trailers('persistent-subscription-does-not-exist', stream, group),
  )

export const tooManyConsumers = (stream: string, group: string): Refusal =>
  new Refusal(
    Code.failedPrecondition,
    `Maximum subscriptions reached for subscription group ${group} on stream ${stream}.`,
    trailers('maximum-subscribers-reached', stream, group),
  )

export const dropped = (stream: string, group: string): Refusal =>
  new Refusal(
    Code.cancelled,
    `Subscription group ${group} on stream ${stream} was dropped.`,
    trailers('persistent-subscription-dropped', stream, group),
  )
