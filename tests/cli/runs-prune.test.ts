import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { execute } from '../../src/cli/commands/runs-prune.ts'
import { shortRunId } from '../../src/domain/ids.ts'
import { createFileStore } from '../../src/store/file-store.ts'
import { createRunId } from '../../src/store/run-id.ts'
import { createSystemClock } from '../../src/system/system-clock.ts'
import { cliWorld } from './cli-world.ts'

const root = mkdtempSync(join(tmpdir(), 'prune-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const store = createFileStore({ root: join(root, 'artifacts'), clock: createSystemClock() })
/** Oldest first; the last was forked from the second. */
const ids = [1, 2, 3, 4].map((n) => createRunId(1_700_000_000_000 + n, new Uint8Array(10).fill(n)))

beforeAll(async () => {
  for (const runId of ids) {
    const log = await store.create(runId)
    const parent = runId === ids[3] ? { parent: { runId: ids[1], seq: 0 } } : {}
    log.append({ v: 1, seq: 0, t: 0, k: 'start', d: { runId, ...parent } })
    log.append({ seq: 1, t: 1, k: 'end', d: {} })
    await log.durable()
    await log.close()
  }
  await store.close()
})

async function prune(options: Readonly<Record<string, unknown>>) {
  const world = cliWorld({ cwd: root, flags: options })
  const code = await execute(world.context, { args: [], options: { out: 'artifacts', ...options } })
  return { code, out: world.stdout.text(), err: world.stderr.text() }
}

test('a dry run names what would go and why the rest stays, and the run after it removes just that', async () => {
  const [first = '', parent = '', third = ''] = ids
  const dry = await prune({ keep: '1', dryRun: true })
  expect(dry.out).toBe(`would remove ${shortRunId(third)} (${third})\nwould remove ${shortRunId(first)} (${first})\n`)
  expect(dry.err).toBe(`${shortRunId(parent)} stays: a fork that stays was made from it\n2 runs would go, 1 spared\n`)
  const json = await prune({ keep: '1', dryRun: true, json: true })
  expect(JSON.parse(json.out)).toEqual({
    type: 'runs.pruned',
    isDryRun: true,
    removed: [third, first],
    spared: [{ runId: parent, reason: 'parent' }],
  })
  expect((await prune({ keep: '1' })).out).toBe(dry.out.replaceAll('would remove', 'removed'))
  expect((await store.list()).map(({ runId }) => runId)).toEqual([ids[1], ids[3]])
})

test('without a limit, or with one below 0, nothing is done', async () => {
  for (const options of [{}, { keep: '-1' }, { days: 'ten' }])
    await expect(prune(options)).rejects.toMatchObject({ code: 'USAGE' })
})
