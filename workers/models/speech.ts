export interface SpeechParams {
  /** Of the probability that a window is speech: from here on it begins. It ends 0.15 below. */
  threshold: number
  min_speech_ms: number
  min_silence_ms: number
  speech_pad_ms: number
}

export interface Segment {
  start_secs: number
  end_secs: number
  /** The mean of the probabilities of its windows. */
  confidence: number
}

/**
 * Joins windows of `window_secs` to segments of speech: one that is shorter than `min_speech_ms` is none, a pause that is shorter than
 * `min_silence_ms` ends none. Each is widened by `speech_pad_ms`, not beyond the middle of a pause nor the ends of the recording.
 */
export function segmentsOf(
  probabilities: ArrayLike<number>,
  { window_secs, duration_secs, ...params }: SpeechParams & { window_secs: number; duration_secs: number },
): Segment[] {
  const found = runsOf(probabilities, window_secs, params)
  const pad = params.speech_pad_ms / 1000
  return found.map(({ first, end }, i) => {
    const before = i > 0 ? (found[i - 1]!.end + first) / 2 : 0
    const after = i + 1 < found.length ? (end + found[i + 1]!.first) / 2 : probabilities.length
    return {
      start_secs: rounded(Math.max(first * window_secs - pad, before * window_secs)),
      end_secs: rounded(Math.min(end * window_secs + pad, after * window_secs, duration_secs)),
      confidence: rounded(meanOf(probabilities, first, end)),
    }
  })
}

interface Run {
  /** Its first window, and the one after its last. */
  first: number
  end: number
}

function runsOf(probabilities: ArrayLike<number>, window_secs: number, params: SpeechParams): Run[] {
  const longEnough = ({ first, end }: Run) => (end - first) * window_secs * 1000 >= params.min_speech_ms
  const runs: Run[] = []
  const off = Math.max(params.threshold - 0.15, 0.01)
  let [first, quiet] = [-1, -1]
  for (let i = 0; i < probabilities.length; i++) {
    const probability = probabilities[i]!
    if (probability >= params.threshold) {
      if (first < 0) first = i
      quiet = -1
    } else if (first >= 0 && probability < off) {
      if (quiet < 0) quiet = i
      if ((i + 1 - quiet) * window_secs * 1000 < params.min_silence_ms) continue
      runs.push({ first, end: quiet })
      first = quiet = -1
    }
  }
  if (first >= 0) runs.push({ first, end: quiet < 0 ? probabilities.length : quiet })
  return runs.filter(longEnough)
}

function meanOf(values: ArrayLike<number>, first: number, end: number): number {
  let sum = 0
  for (let i = first; i < end; i++) sum += values[i]!
  return sum / (end - first)
}

const rounded = (value: number) => Math.round(value * 1000) / 1000
