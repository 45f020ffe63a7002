import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRunRuntime } from '../src/actors/effect-actor.ts'
import { RunFold } from '../src/actors/run-fold.ts'
import { readLocatedRun } from '../src/app/find-run.ts'
import type { RunEvent } from '../src/domain/event.ts'
import type { LogRecord } from '../src/domain/record.ts'
import { encodeRecord } from '../src/store/record-codec.ts'

/*
 * `npm run golden:refold [-- --force]`: folds the inputs of each golden log with the machines of today and writes their outputs and digests.
 * For a change of the machines that is meant, before a release. Refuses where today's machines ask the outside something else, for then
 * the recorded results answer another question; `--force` writes it all the same, if the log still comes to its end.
 */
const FOLDER = 'tests/golden'
const isForced = process.argv.includes('--force')

for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.log.jsonl'))) {
  const path = join(FOLDER, name)
  const { records } = await readLocatedRun(path, {})
  const runtime = createRunRuntime()
  const fold = new RunFold(runtime)
  let last: RunEvent | undefined
  const written: string[] = []
  for (const record of records) {
    const { o: recorded = [], h: _h, ...input } = record
    if (record.k === 'end' && last?.type === 'run.completed') {
      const { outcome, stopReason, detail, winner } = last
      written.push(
        encodeRecord({ ...input, d: { outcome, stopReason, detail, winner, digest: fold.digest }, h: fold.digest } as LogRecord),
      )
      continue
    }
    const before = fold.digest
    const step = fold.apply(record)
    last = step.events.at(-1) ?? last
    const asked = (outputs: readonly unknown[]): string =>
      JSON.stringify(outputs.filter((output) => (output as unknown[])[0] === 'R'))
    if (asked(recorded) !== asked(step.outputs) && !isForced)
      throw new Error(`${name}, record ${record.seq}: asks ${asked(step.outputs)}, recorded is ${asked(recorded)}`)
    const d = record.k === 'start' ? { d: { ...(record.d as object), machine: runtime.machineHash } } : {}
    const o = step.outputs.length === 0 ? {} : { o: step.outputs }
    written.push(encodeRecord({ ...input, ...d, ...o, ...(step.digest === before ? {} : { h: step.digest }) } as LogRecord))
  }
  if (!fold.isDone) throw new Error(`${name} no longer comes to its end`)
  writeFileSync(path, written.map((line) => (line.endsWith('\n') ? line : `${line}\n`)).join(''))
  console.log(`${path} folded again: digest ${fold.digest}`)
}
