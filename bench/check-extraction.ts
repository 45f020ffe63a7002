/**
 * `npm run check:extraction -- [FILE]`: scores code extraction on a file of cases and measures its speed on the same replies.
 * Exits 0 only when every case passes and the slower of the two measurements reaches the target,
 * and no hostile reply takes more than linear time.
 */
import { existsSync, readFileSync } from 'node:fs'
import { extractCode } from '../src/prompts/extract-code.ts'
import { cpuMs, worstGrowth } from './extraction-growth.ts'
import { type ExtractionCase, hintOf, missOf } from './extraction-score.ts'

const TARGET_MB_PER_S = 20
/** A hostile reply eight times as long may take at most this many times as long; 64 would be quadratic. */
const GROWTH_LIMIT = 24
const PASS_BYTES = 6_000_000
const PASSES = 5

const DEFAULT_FILES = ['../shared/data/extraction/cases.json', 'tests/prompts/fixtures/extraction-cases.json']
const file = process.argv[2] ?? DEFAULT_FILES.find((each) => existsSync(each)) ?? ''
if (!existsSync(file)) {
  console.log(`0 of 0 · no file of cases at ${file === '' ? DEFAULT_FILES.join(' or ') : file}`)
  process.exit(1)
}
const cases = JSON.parse(readFileSync(file, 'utf8')) as readonly ExtractionCase[]
const misses = cases.map(missOf).filter((miss) => miss !== null)
for (const miss of misses) console.log(`miss ${miss.slice(0, 600)}`)

/** Best of some passes, since only the machine can make a pass slower. In 10^6 bytes of UTF-8 a second of CPU time. */
function speedOf(replies: readonly (() => number)[]): number {
  let best = 0
  for (let pass = 0; pass < PASSES; pass++) {
    let bytes = 0
    const start = cpuMs()
    while (bytes < PASS_BYTES) for (const reply of replies) bytes += reply()
    best = Math.max(best, bytes / 1000 / (cpuMs() - start))
  }
  return best
}

// Replies as they come: each case with the sentences that models put around code.
const PROSE =
  `${'This keeps the values in the order in which they were added, and does not copy the list again. '.repeat(3)}\n\n`.repeat(2)
const withProse = (test: ExtractionCase): string => {
  const opens = test.reply.startsWith('{') || test.hint?.['prefilled_fence'] === true
  return opens ? test.reply : `${test.reply}\n\n${PROSE}`
}
const usual = cases.map((test) => {
  const [reply, hint] = [withProse(test), hintOf(test)]
  const size = Buffer.byteLength(reply)
  return () => {
    extractCode(reply, hint)
    return size
  }
})
// One long reply, in which anything worse than linear would show: the fenced ones over and over.
const fenced = cases.filter(
  (test) => test.reply.includes('```') && test.existing === undefined && !/think>|<\||SEARCH|diff/.test(test.reply),
)
const long = fenced.map(withProse).join('')
const longReply = long.repeat(Math.ceil(4_000_000 / Math.max(1, long.length)))
const longSize = Buffer.byteLength(longReply)
const usualSpeed = usual.length === 0 ? 0 : speedOf(usual)
const readLong = (): number => {
  extractCode(longReply)
  return longSize
}
const longSpeed = long === '' ? usualSpeed : speedOf([readLong])
console.log(
  `short replies: ${usualSpeed.toFixed(1)} MB/s; one of ${(longSize / 1e6).toFixed(0)} MB: ${longSpeed.toFixed(1)} MB/s`,
)
const { name, growth, slowest, slowestMs } = worstGrowth()
console.log(`hostile replies, 8 times the length: ${growth.toFixed(1)} times the time at worst (${name}, limit ${GROWTH_LIMIT})`)
console.log(`slowest hostile reply of 400 kB: ${slowestMs.toFixed(0)} ms (${slowest})`)
const speed = Math.min(usualSpeed, longSpeed)
console.log(`${cases.length - misses.length} of ${cases.length} · ${speed.toFixed(1)} MB/s (target ${TARGET_MB_PER_S})`)
process.exit(misses.length === 0 && cases.length > 0 && speed >= TARGET_MB_PER_S && growth <= GROWTH_LIMIT ? 0 : 1)
