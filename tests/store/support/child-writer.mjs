// A process that writes one run until it is killed. Arguments: folder of the compiled store, store root, run id, records.
// Prints `durable N` when N records are safe, `done` at the end, `error CODE` where it may not write.
import { pathToFileURL } from 'node:url'

const [build, root, runId, count] = process.argv.slice(2)
const { createFileStore } = await import(pathToFileURL(`${build}/store/file-store.js`).href)
const { createSystemClock } = await import(pathToFileURL(`${build}/system/system-clock.js`).href)

const store = createFileStore({ root, clock: createSystemClock(), maxSegmentBytes: 20_000, maxWalBytes: 50_000 })
const exists = (await store.list()).some((listing) => listing.runId === runId)
try {
  const { log, next } = exists ? await reopen() : { log: await store.create(runId), next: 0 }
  for (let seq = next; seq < Number(count); seq++) {
    log.append({ v: 1, seq, t: seq, k: 'chunk', a: 'run', d: { text: `said ${seq} `.repeat(1 + ((seq * 7) % 40)) } })
    if (seq % 5 === 4) {
      await log.durable()
      process.stdout.write(`durable ${seq + 1}\n`)
    }
  }
  log.append({ v: 1, seq: Number(count), t: Number(count), k: 'end', a: 'run' })
  await log.durable()
  process.stdout.write('done\n')
  await store.close()
} catch (error) {
  process.stdout.write(`error ${error.code}\n`)
  await store.close()
}

async function reopen() {
  const { log, run } = await store.open(runId)
  return { log, next: run.records.length }
}
