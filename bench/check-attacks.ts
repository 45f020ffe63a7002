/**
 * Runs every program of an attack suite against the sandbox and every forgery against the judge's channel, and prints
 * `contained N/N, forged 0/N`. Exit 1 on any escape, on any forgery judged right, and when nothing could be run.
 * Started by root it does so twice: as root (the product must drop) and as an ordinary user; with `--once` as it was started.
 *
 *   npm run check:attacks -- [DIR] [--once] [--only id,id] [--driver NAME] [--verbose]
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createSandbox, type DriverName } from '../src/sandbox/create-sandbox.ts'
import { runControls } from '../tests/support/attack-controls.ts'
import { type AttackResult, readManifest, runContainment, runForgery } from '../tests/support/attack-runner.ts'
import { CANARY_VARIABLE, createAttackWorld } from '../tests/support/attack-world.ts'

const ORDINARY_ID = 2000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    driver: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    once: { type: 'boolean', default: false },
    'as-child': { type: 'boolean', default: false },
  },
})
const dir = resolve(positionals[0] ?? '../shared/data/attacks')

interface Tally {
  readonly contained: number
  readonly containable: number
  readonly forged: number
  readonly forgeries: number
  readonly controlled: number
  readonly controllable: number
  readonly isGood: boolean
}

process.exitCode = values['as-child'] ? await attackHere() : await attackAsEach()

async function attackAsEach(): Promise<number> {
  if (!readManifest(dir)) {
    console.log(`no attack suite: there is no manifest.json in ${positionals[0] ?? '../shared/data/attacks'}`)
    return 1
  }
  const isRoot = process.getuid?.() === 0
  const users = isRoot
    ? [{ name: 'started by root', id: 0 }, ...(values.once ? [] : [{ name: 'ordinary user', id: ORDINARY_ID }])]
    : [{ name: 'ordinary user', id: -1 }]
  const tallies: Tally[] = []
  for (const user of users) {
    console.log(`-- ${user.name}`)
    const tally = await attackAs(user.id)
    tallies.push(tally)
    console.log(`${user.name}: controls ${tally.controlled}/${tally.controllable}, ${say(tally)}`)
  }
  const worst = tallies.find((tally) => !tally.isGood) ?? tallies[0]
  if (!isRoot && !values.once) console.log('not started by root, so that half was skipped: run it once more with sudo')
  if (worst) console.log(say(worst))
  return tallies.every((tally) => tally.isGood) ? 0 : 1
}

function say(tally: Tally): string {
  return `contained ${tally.contained}/${tally.containable}, forged ${tally.forged}/${tally.forgeries}`
}

/**
 * Runs this program again as `uid`, the way a careless shell would start it: with secrets in the environment and with open
 * descriptors nobody closed. The suite and the built program are copied where that user can read them.
 */
function attackAs(uid: number): Promise<Tally> {
  const place = mkdtempSync(join(tmpdir(), 'a-'))
  chmodSync(place, 0o755)
  cpSync(dir, join(place, 'suite'), { recursive: true })
  const built = fileURLToPath(new URL('..', import.meta.url))
  for (const part of ['bench', 'src', 'tests']) cpSync(join(built, part), join(place, 'built', part), { recursive: true })
  writeFileSync(join(place, 'built', 'package.json'), '{"type":"module"}')
  const leak = join(place, 'leak.txt')
  const canary = `CANARY-${randomBytes(12).toString('hex')}`
  writeFileSync(leak, canary)
  const leakFd = openSync(leak, 'r')
  const stdio: ('ignore' | 'inherit' | 'pipe' | number)[] = ['ignore', 'pipe', 'inherit']
  for (let fd = 3; fd <= 250; fd++) stdio.push([9, 20, 100, 200, 250].includes(fd) ? leakFd : 'ignore')
  const args = [join(place, 'suite'), '--as-child']
  if (values.only) args.push('--only', values.only)
  if (values.driver) args.push('--driver', values.driver)
  if (values.verbose) args.push('--verbose')
  const secrets = {
    [CANARY_VARIABLE]: canary,
    OPENAI_API_KEY: canary,
    GITHUB_TOKEN: canary,
    NODE_OPTIONS: '--no-warnings',
  }
  const child = spawn(process.execPath, [join(place, 'built', 'bench', 'check-attacks.js'), ...args], {
    cwd: place,
    env: { ...process.env, ...secrets, HOME: place, TMPDIR: tmpdir() },
    stdio: stdio as ('ignore' | 'pipe')[],
    ...(uid > 0 ? { uid, gid: uid } : {}),
  })
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8')
    for (const line of chunk.toString('utf8').split('\n')) if (line && !line.startsWith('{')) console.log(line)
  })
  return new Promise((done) => {
    child.on('close', () => {
      rmSync(place, { recursive: true, force: true })
      const last = said.trim().split('\n').at(-1) ?? ''
      done(
        last.startsWith('{')
          ? (JSON.parse(last) as Tally)
          : { contained: 0, containable: 0, forged: 0, forgeries: 0, controlled: 0, controllable: 0, isGood: false },
      )
    })
  })
}

async function attackHere(): Promise<number> {
  const only = values.only ? new Set(values.only.split(',')) : null
  const programs = (readManifest(dir) ?? []).filter((program) => only === null || only.has(program.id))
  const cacheDir = mkdtempSync(join(tmpdir(), 'k-'))
  const sandbox = createSandbox({
    cacheDir,
    tmpDir: tmpdir(),
    ...(values.driver ? { drivers: [values.driver as DriverName] } : {}),
  })
  const found = await sandbox.probe()
  console.log(`driver ${found.driver}, isolation ${found.isolation}, policy ${found.policyHash}; ${found.why.join('; ')}`)
  const results: AttackResult[] = []
  let controlled = 0
  let controllable = 0
  if (found.driver !== 'none') {
    // The secret this process was started with, so that whatever leaks of its environment and descriptors is known for what it is.
    const world = await createAttackWorld(process.env[CANARY_VARIABLE])
    const controls = await runControls(sandbox, world, dir)
    for (const { id, problems } of controls) if (problems.length > 0) console.log(`CONTROL ${id}: ${problems.join('; ')}`)
    controlled = controls.filter(({ problems }) => problems.length === 0).length
    controllable = controls.length
    for (const program of programs) {
      const result =
        program.category === 'forge'
          ? await runForgery(sandbox, dir, program)
          : await runContainment(sandbox, world, dir, program)
      results.push(result)
      if (values.verbose || result.problems.length > 0) {
        console.log(
          `${result.problems.length === 0 ? 'held   ' : 'ESCAPE '} ${result.id} (${result.end}, ${result.ms} ms) ${result.problems.join('; ')}`,
        )
      }
    }
    world.close()
  } else {
    console.log(`refused: nothing was run. ${found.fix ?? ''}`)
  }
  await sandbox.dispose()
  rmSync(cacheDir, { recursive: true, force: true })
  const isForge = new Set(programs.filter((program) => program.category === 'forge').map((program) => program.id))
  const containment = results.filter((result) => !isForge.has(result.id))
  const forgeries = results.filter((result) => result.isForgery)
  const tally: Tally = {
    contained: containment.filter((result) => result.problems.length === 0).length,
    containable: programs.length - isForge.size,
    forged: forgeries.filter((result) => result.problems.length > 0).length,
    forgeries: programs.filter((program) => program.category === 'forge' && program.expect !== 'control: verdict pass').length,
    controlled,
    controllable,
    isGood:
      results.length === programs.length &&
      programs.length > 0 &&
      results.every((result) => result.problems.length === 0) &&
      controllable > 0 &&
      controlled === controllable,
  }
  console.log(JSON.stringify(tally))
  return tally.isGood ? 0 : 1
}
