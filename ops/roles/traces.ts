import type { Config } from '../platform/config.ts'
import type { Lifecycle } from '../platform/lifecycle.ts'
import type { Log } from '../platform/log.ts'

/** Sends spans to OTEL_EXPORTER_OTLP_ENDPOINT where there is one, as OTLP over HTTP. How many: OpenTelemetry's own OTEL_TRACES_SAMPLER says. */
export async function openTraces(
  { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }: Pick<Config, 'OTEL_EXPORTER_OTLP_ENDPOINT'>,
  { roles, version, log, lifecycle }: { roles: readonly string[]; version: string; log: Log; lifecycle: Lifecycle },
): Promise<void> {
  if (endpoint === undefined) return
  const [
    { OTLPTraceExporter },
    { defaultResource, resourceFromAttributes },
    { BatchSpanProcessor, NodeTracerProvider },
  ] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-node'),
  ])
  const named = { 'service.name': 'xylolabs-api', 'service.version': version, 'xylolabs.roles': [...roles] }
  const provider = new NodeTracerProvider({
    resource: defaultResource().merge(resourceFromAttributes(named)),
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` })),
    ],
  })
  provider.register()
  log.info({ endpoint: new URL(endpoint).origin }, 'traces are sent')
  // Spans of a stop would be sent to nobody once this has ended: it ends last but for the log.
  lifecycle.onStop('traces', () => provider.shutdown())
}
