import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { execute } from '../../src/cli/commands/doctor.ts'
import { cliWorld } from './cli-world.ts'

const root = mkdtempSync(join(tmpdir(), 'doctor-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function doctor(options: Readonly<Record<string, unknown>>) {
  // No server is asked: discovery is off, and none is named.
  const world = cliWorld({ cwd: root, flags: options, env: { XDG_CACHE_HOME: root, DISCOVERY_DISABLE: '1' } })
  const code = await execute(world.context, { args: [], options })
  return { code, out: world.stdout.text() }
}

test('doctor --sandbox says what holds, why, and which languages run, and ends with 3 where nothing holds', async () => {
  const { code, out } = await doctor({ sandbox: true })
  const isHeld = !out.includes('isolation none')
  expect(code).toBe(isHeld ? 0 : 3)
  expect(out).toMatch(/^Sandbox +\w+ · isolation (full|partial|none) · policy/)
  for (const language of ['python', 'javascript', 'typescript'])
    expect(out).toMatch(new RegExp(`^${language} +(runs|does not run) here: `, 'm'))
  if (isHeld) expect(out).toMatch(/held off \d+ attacks of the self-test/)
  else expect(out).toMatch(/^Try +\S/m)
})

test('with --json it is one record with the measured self-test, and a fix that is a command or nothing', async () => {
  const { out } = await doctor({ sandbox: true, json: true })
  const record = JSON.parse(out)
  expect(record).toMatchObject({ type: 'doctor.sandbox', why: expect.any(Array), policyHash: expect.any(String) })
  if (record.isolation !== 'none') expect(record.selfTest).toEqual({ attacks: expect.any(Number), escaped: 0 })
  expect(record.fix === null || !/ {3}|docs\//.test(record.fix)).toBe(true)
})

test('doctor alone asks for servers too, and ends with 3 when there is none', async () => {
  const { code, out } = await doctor({})
  expect([code, out.includes('Sandbox')]).toEqual([3, true])
})
