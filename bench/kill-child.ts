import { resumeRun } from '../src/app/resume-run.ts'
import { type RunHandle, startRun } from '../src/app/start-run.ts'
import { CodeConductorError } from '../src/domain/errors.ts'
import { createFileStore } from '../src/store/file-store.ts'
import { createSystemClock } from '../src/system/system-clock.ts'
import { killServices, killSpec } from './kill-run.ts'

/*
 * One life of a run, in a process to be killed: `kill-child ROOT RUN_ID INDEX`. Begins the run or goes on with it; says
 * `ready` when it has, a dot for every result, and `done` when the run has ended.
 */

const [root = '', runId = '', index = '0'] = process.argv.slice(2)
const clock = createSystemClock()
const store = createFileStore({ root, clock })
const services = killServices(store, clock, runId, true, () => process.stdout.write('.'))

/** Returns the run, or null when an earlier life ended it and was killed before it could say so. */
async function begin(): Promise<RunHandle | null> {
  try {
    return await resumeRun(runId, services)
  } catch (error) {
    const code = error instanceof CodeConductorError ? error.code : ''
    if (code === 'USAGE') return null
    if (code !== 'RUN_NOT_FOUND' && !(await isEmpty(code))) throw error
    return startRun(killSpec(Number(index)), services)
  }
}

/** A life that was killed before its first record was durable left a folder and nothing in it. */
async function isEmpty(code: string): Promise<boolean> {
  if (code !== 'LOG_CORRUPT' || (await store.read(runId)).records.length > 0) return false
  await store.remove(runId)
  return true
}

const handle = await begin()
process.stdout.write('ready\n')
await handle?.result
await store.close()
process.stdout.write('\ndone\n')
process.exit(0)
