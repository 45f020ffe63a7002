import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectReplay } from '../../src/app/expect-replay.ts'
import { RECORD_VERSION } from '../../src/domain/record.ts'

/*
 * Recorded runs, one at least for every released version of the record, kept for ever. One that no longer replays means that
 * runs people have no longer do: lift them with an upcaster, or say in the commit why the machines had to part from them.
 */
const FOLDER = import.meta.dirname
const LOGS = readdirSync(FOLDER).filter((name) => name.endsWith('.log.jsonl'))

test('there is a recorded run', () => {
  expect(LOGS).not.toEqual([])
})

test.each(LOGS)('%s replays to the record: outputs, digest and end', async (name) => {
  const replay = await expectReplay(join(FOLDER, name), { mode: 'strict' })
  expect(replay.isDone).toBe(true)
  expect(replay.events.at(-1)).toMatchObject({ type: 'run.completed', digest: replay.digest })
})

test('every version of the record that was released has one', async () => {
  const starts = await Promise.all(LOGS.map(async (name) => (await readVersion(join(FOLDER, name))) ?? 1))
  expect([...new Set(starts)].sort()).toEqual(Array.from({ length: RECORD_VERSION }, (_, i) => i + 1))
})

async function readVersion(path: string): Promise<number | undefined> {
  const { readLocatedRun } = await import('../../src/app/find-run.ts')
  return (await readLocatedRun(path, {})).records[0]?.v
}
