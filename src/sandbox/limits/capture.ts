import type { Readable } from 'node:stream'
import type { CapturedText } from '../../ports/sandbox.ts'

/**
 * Keeps the first `keepBytes` of a stream and counts the rest. Nothing is split into lines before the cap, so one line of any
 * length costs nothing. `onBytes` hears of every chunk, for the cap over all streams together.
 */
export function captureStream(stream: Readable, keepBytes: number, onBytes: (count: number) => void): () => CapturedText {
  const kept: Buffer[] = []
  let keptBytes = 0
  let totalBytes = 0
  stream.on('data', (chunk: Buffer) => {
    totalBytes += chunk.length
    if (keptBytes < keepBytes) {
      const part = chunk.subarray(0, keepBytes - keptBytes)
      kept.push(part)
      keptBytes += part.length
    }
    onBytes(chunk.length)
  })
  stream.on('error', () => undefined)
  return () => ({
    text: new TextDecoder('utf-8').decode(Buffer.concat(kept)),
    totalBytes,
    truncated: totalBytes > keptBytes,
  })
}

export const NOTHING_CAPTURED: CapturedText = { text: '', totalBytes: 0, truncated: false }
