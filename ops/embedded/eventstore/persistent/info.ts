import type { SubscriptionInfo } from '../wire/persistentMessages.ts'
import type { MessageOf } from '../wire/protobuf.ts'
import type { Consumer } from './consumer.ts'
import type { Group } from './group.ts'
import { placeText, startText } from './settings.ts'

/** What GetInfo and List say of a group. */
export function infoOf(group: Group): MessageOf<typeof SubscriptionInfo> {
  const { entry, backlog, parked, consumers } = group
  const { source, checkpoint, waiting } = backlog
  const { stream, settings } = entry
  const lastKnown = source.lastKnown()
  return {
    eventSource: stream,
    groupName: entry.group,
    status: source.looked >= lastKnown ? 'Live' : 'Behind',
    connections: Array.from(consumers, connectionOf),
    ...group.meter.measure(),
    lastCheckpointedEventPosition: checkpoint.place === undefined ? '' : placeText(stream, checkpoint.place),
    lastKnownEventPosition: lastKnown < 0 ? '' : placeText(stream, lastKnown),
    resolveLinkTos: settings.resolveLinks,
    startFrom: startText(stream, settings.startFrom),
    messageTimeoutMilliseconds: settings.messageTimeoutMs,
    extraStatistics: settings.extraStatistics,
    maxRetryCount: settings.maxRetryCount,
    liveBufferSize: settings.liveBufferSize,
    bufferSize: settings.historyBufferSize,
    readBatchSize: settings.readBatchSize,
    checkPointAfterMilliseconds: settings.checkpointAfterMs,
    minCheckPointCount: settings.minCheckpointCount,
    maxCheckPointCount: settings.maxCheckpointCount,
    maxSubscriberCount: settings.maxSubscriberCount,
    namedConsumerStrategy: settings.strategy,
    readBufferCount: source.dry ? 0 : waiting.length,
    liveBufferCount: source.dry ? waiting.length : 0,
    retryBufferCount: group.retrying,
    totalInFlightMessages: group.inFlight,
    outstandingMessagesCount: group.outstanding,
    parkedMessageCount: parked.count,
  }
}

function connectionOf({ call, meter, latencies, bufferSize, inFlight }: Consumer) {
  const { averagePerSecond, totalItems, countSinceLastMeasurement } = meter.measure()
  return {
    from: call.from,
    username: call.caller.name,
    averageItemsPerSecond: averagePerSecond,
    totalItems,
    countSinceLastMeasurement,
    observedMeasurements: latencies?.observed() ?? [],
    availableSlots: bufferSize - inFlight,
    inFlightMessages: inFlight,
    connectionName: call.connectionName,
  }
}
