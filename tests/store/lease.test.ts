import { describe, expect, test } from 'vitest'
import { acquireLease, type LeaseContext, leaseHolder, leasePath } from '../../src/store/lease.ts'
import { createNodeProcessTable, createOwnerTag, type ProcessTable, parseOwnerTag } from '../../src/store/process-table.ts'
import { codeOf, runIdAt } from './support/records.ts'
import { createSimulatedDisk } from './support/simulated-disk.ts'
import { createSimulatedMachine } from './support/simulated-processes.ts'

const RUN = runIdAt(1)
const FOLDER = `/${RUN}`

function world() {
  const disk = createSimulatedDisk()
  disk.fs.makeFolder(FOLDER)
  const machine = createSimulatedMachine()
  const contend = (processes: ProcessTable = machine.start(), pause = async () => undefined): LeaseContext => ({
    fs: disk.fs,
    processes,
    tag: createOwnerTag(processes.self()),
    wallMs: () => 1_700_000_000_000,
    pause,
  })
  return { disk, machine, contend }
}

describe('a lease', () => {
  test('is held by one, told to the next with pid, host and time, and free again after release', async () => {
    const { disk, contend } = world()
    const first = contend()
    const lease = await acquireLease(first, FOLDER, RUN)

    const refusal = await acquireLease(contend(), FOLDER, RUN).catch((error: unknown) => error)

    const holder = { pid: first.processes.self().pid, host: 'desk', sinceMs: 1_700_000_000_000 }
    expect(refusal).toMatchObject({ code: 'RUN_HELD', details: { runId: RUN, ...holder } })
    expect(leaseHolder(first, FOLDER)).toEqual(holder)
    lease.release()
    expect({ holder: leaseHolder(first, FOLDER), left: disk.fs.list(FOLDER) }).toEqual({ holder: null, left: [] })
    await acquireLease(contend(), FOLDER, RUN)
  })

  test('that was taken to tidy up is waited for, and a holder that works is not', async () => {
    const { disk, machine, contend } = world()
    const passing = await acquireLease(contend(), FOLDER, RUN, true)
    let pauses = 0
    const patient = contend(machine.start(), async () => {
      pauses += 1
      if (pauses === 3) passing.release()
    })
    const lease = await acquireLease(patient, FOLDER, RUN)
    expect({ pauses, isHeld: lease.isHeld() }).toEqual({ pauses: 3, isHeld: true })
    expect(await codeOf(acquireLease({ ...patient, tag: contend().tag }, FOLDER, RUN))).toBe('RUN_HELD')
    expect({ pauses, left: disk.fs.list(FOLDER).length }).toEqual({ pauses: 3, left: 1 })
  })

  test('that tidies up without end is told in the end, and two that tidy up do not wait for each other', async () => {
    const { machine, contend } = world()
    await acquireLease(contend(), FOLDER, RUN, true)
    let pauses = 0
    const patient = contend(machine.start(), async () => {
      pauses += 1
    })
    expect(await codeOf(acquireLease(patient, FOLDER, RUN, true))).toBe('RUN_HELD')
    expect(pauses).toBe(0)
    expect(await codeOf(acquireLease({ ...patient, tag: contend().tag }, FOLDER, RUN))).toBe('RUN_HELD')
    expect(pauses).toBe(150)
  })

  test('of two that publish at the same moment never both hold, and one gets it at the next try', async () => {
    const { disk, machine, contend } = world()
    const rival = contend()
    let pauses = 0
    const mine = contend(machine.start(), async () => {
      pauses += 1
      disk.fs.unlink(leasePath(FOLDER, rival.tag))
    })
    // The rival publishes after my first look, before my second.
    const list = disk.fs.list
    let looks = 0
    disk.fs.list = (path) => {
      looks += 1
      if (looks === 2) disk.fs.close(disk.fs.open(leasePath(FOLDER, rival.tag), 'wx'))
      return list(path)
    }

    const lease = await acquireLease(mine, FOLDER, RUN)

    expect({ pauses, isHeld: lease.isHeld(), left: list(FOLDER) }).toEqual({
      pauses: 1,
      isHeld: true,
      left: [`lease.${mine.tag}`],
    })
  })

  test('of a process that died, or whose pid another process has now, lapses and is removed', async () => {
    const { disk, machine, contend } = world()
    const dead = machine.start()
    await acquireLease(contend(dead), FOLDER, RUN)
    machine.kill(dead.pid)
    const recycled = { ...dead.self(), startTicks: '1' }
    disk.fs.close(disk.fs.open(leasePath(FOLDER, createOwnerTag(recycled)), 'wx'))
    const mine = contend()

    await acquireLease(mine, FOLDER, RUN)

    expect(disk.fs.list(FOLDER)).toEqual([`lease.${mine.tag}`])
  })

  test('of an earlier boot lapses even where its pid runs again', async () => {
    const { machine, contend } = world()
    await acquireLease(contend(), FOLDER, RUN)
    machine.reboot()

    expect(await codeOf(acquireLease(contend(), FOLDER, RUN))).toBe('none')
  })

  test('with a torn note still holds, without a name', async () => {
    const { disk, contend } = world()
    const first = contend()
    await acquireLease(first, FOLDER, RUN)
    disk.damage(leasePath(FOLDER, first.tag), () => Buffer.from('{"pi'))

    expect(leaseHolder(first, FOLDER)).toEqual({ pid: first.processes.self().pid, host: 'an unnamed host', sinceMs: 0 })
  })

  test('is lost once its file is taken away', async () => {
    const { disk, contend } = world()
    const mine = contend()
    const lease = await acquireLease(mine, FOLDER, RUN)
    disk.fs.unlink(leasePath(FOLDER, mine.tag))

    expect(lease.isHeld()).toBe(false)
    lease.release()
  })
})

describe('the process table of this machine', () => {
  const table = createNodeProcessTable()
  const self = table.self()

  test('knows itself, and tells itself from one that had its pid before', () => {
    expect(table.isRunning(self)).toBe(true)
    expect(table.isRunning({ ...self, pid: 2 ** 22 + 1 })).toBe(false)
    expect(table.isRunning({ ...self, boot: '00000000' })).toBe(false)
    expect(table.isThisBoot({ ...self, boot: '00000000' })).toBe(false)
    if (self.startTicks !== '0') expect(table.isRunning({ ...self, startTicks: '1' })).toBe(false)
  })

  test('takes a process of another place for running, as it cannot know', () => {
    expect(table.isRunning({ ...self, place: '00000000', boot: '00000000', pid: 2 ** 22 + 1 })).toBe(true)
  })

  test('an owner tag names its process, and two of one process differ', () => {
    const tag = createOwnerTag(self)

    expect(parseOwnerTag(tag)).toEqual(self)
    expect(createOwnerTag(self)).not.toBe(tag)
    expect(parseOwnerTag('notes')).toBeNull()
  })
})
