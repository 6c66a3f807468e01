import { type Attributes, context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'

/** Spans of OpenTelemetry. Where `ops/roles/traces.ts` has set up nobody to send them to, they cost next to nothing and change nothing. */
const tracer = trace.getTracer('xylolabs-api')

export interface Spanned {
  kind?: 'server' | 'client' | 'internal'
  /** The W3C traceparent of what this is a part of; absent: of what is under way here. */
  parent?: string | undefined
  attributes?: Attributes
  /** Whether what is thrown says that something is wrong here; absent: always. */
  isFault?: (error: unknown) => boolean
}

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL }

/** Does it as a span of its own, to which belongs what is begun meanwhile. What it throws is written down there, and thrown on. */
export function spanned<T>(
  name: string,
  { kind = 'internal', parent, attributes, isFault = () => true }: Spanned,
  run: (span: Span) => Promise<T>,
): Promise<T> {
  const options = { kind: kinds[kind], ...(attributes && { attributes }) }
  return tracer.startActiveSpan(name, options, within(parent), async (span) => {
    try {
      return await run(span)
    } catch (error) {
      if (isFault(error)) {
        span.recordException(error as Error)
        span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message })
      }
      throw error
    } finally {
      span.end()
    }
  })
}

/** Writes down, once it is over, what was done for each of these parents from `began` (ms since 1970) until now; nothing for those that have none. */
export function spannedSince(
  name: string,
  began: number,
  parts: readonly { parent: string | undefined; attributes: Attributes }[],
): void {
  for (const { parent, attributes } of parts)
    if (parent !== undefined) tracer.startSpan(name, { startTime: began, attributes }, within(parent)).end()
}

/** The header, and the metadata of events, by which what follows elsewhere belongs to what is under way here; empty where nothing is traced. */
export function traceHeaders(): { traceparent?: string } {
  const carrier: { traceparent?: string } = {}
  propagation.inject(context.active(), carrier)
  return carrier.traceparent === undefined ? {} : { traceparent: carrier.traceparent }
}

const within = (parent: string | undefined) =>
  parent === undefined ? context.active() : propagation.extract(context.active(), { traceparent: parent })
