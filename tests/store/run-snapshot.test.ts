import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSnapshot } from '../../src/store/run-snapshot.ts'

const EVENTS = [{ type: 'run.started', seq: 0, t: 0, v: 1 }]

function folderWith(text: string | null): string {
  const folder = mkdtempSync(join(tmpdir(), 'cc-snapshot-'))
  if (text !== null) writeFileSync(join(folder, 'snapshot.json'), text)
  return folder
}

test('a snapshot is read for the digest it was written under, and a wrong digest voids it', () => {
  const folder = folderWith(JSON.stringify({ v: 1, digest: 'abc', events: EVENTS }))
  expect(readSnapshot(folder, 'abc')).toEqual(EVENTS)
  expect(readSnapshot(folder, 'abd')).toBeNull()
})

test.each([
  ['missing', null],
  ['torn', '{"v":1,"digest":"abc","eve'],
  ['of another form', JSON.stringify({ v: 2, digest: 'abc', events: EVENTS })],
  ['without events', JSON.stringify({ v: 1, digest: 'abc' })],
])('a snapshot that is %s is no snapshot, and no error', (_name, text) => {
  expect(readSnapshot(folderWith(text), 'abc')).toBeNull()
})
