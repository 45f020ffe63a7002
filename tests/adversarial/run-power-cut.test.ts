import { expect, test } from 'vitest'
import { replayRecords } from '../../src/app/replay-run.ts'
import { resumeRun } from '../../src/app/resume-run.ts'
import { startRun } from '../../src/app/start-run.ts'
import { createSimulatedDisk, KEEP_ALL, KEEP_NAMES, KEEP_NONE, KEEP_REMOVALS } from '../store/support/simulated-disk.ts'
import { createSimulatedMachine } from '../store/support/simulated-processes.ts'
import { DISK_RUN, DISK_SPEC, servicesOn, storeOn, transcript } from '../support/disk-run.ts'

/** A whole run on a disk that remembers when what was synced, and when each effect began. */
async function tellRun() {
  const disk = createSimulatedDisk()
  const machine = createSimulatedMachine()
  const store = storeOn(disk, machine)
  const asked: { readonly moment: number; readonly id: string }[] = []
  const services = servicesOn(store, (id) => asked.push({ moment: disk.moment, id }))
  const result = await (await startRun(DISK_SPEC, services)).result
  const sealedAt = disk.moment
  await store.close()
  const { records } = await store.read(DISK_RUN)
  return { disk, machine, asked, records, sealedAt, said: transcript(result.events, result.context), digest: result.digest }
}

test('after a power cut at any moment the log is a prefix that replays, and holds the cause of every effect that began', async () => {
  const { disk, machine, asked, records, sealedAt, digest } = await tellRun()
  expect([asked.length, disk.moment > 30]).toEqual([10, true])
  const lengths = new Set<number>()
  for (let moment = 0; moment <= disk.moment; moment += 1) {
    for (const keep of [KEEP_NONE, KEEP_ALL, KEEP_NAMES, KEEP_REMOVALS]) {
      const after = disk.afterPowerCut(moment, keep)
      machine.reboot()
      const store = storeOn(after, machine)
      const begun = asked.filter((effect) => effect.moment <= moment).map(({ id }) => id)
      if (!after.fs.exists(`/artifacts/runs/${DISK_RUN}`)) {
        expect({ moment, begun }).toEqual({ moment, begun: [] })
        continue
      }
      const kept = (await store.read(DISK_RUN)).records
      lengths.add(kept.length)
      expect({ moment, kept }).toEqual({ moment, kept: records.slice(0, kept.length) })
      const requested = kept.flatMap(({ o = [] }) => o.flatMap((output) => (output[0] === 'R' ? [output[1]] : [])))
      expect({ moment, lost: begun.filter((id) => !requested.includes(id)) }).toEqual({ moment, lost: [] })
      if (moment >= sealedAt) expect({ moment, length: kept.length }).toEqual({ moment, length: records.length })
      if (kept.length === 0) continue
      const replay = replayRecords(kept)
      expect({ moment, divergence: replay.divergence }).toEqual({ moment, divergence: null })
      if (kept.length === records.length) expect(replay.digest).toBe(digest)
    }
  }
  expect(lengths.size).toBeGreaterThan(6)
})

test('after a power cut at any moment the run goes on to the same end, and no answer stands twice', async () => {
  const { disk, machine, said, sealedAt } = await tellRun()
  let resumed = 0
  for (let moment = 0; moment < sealedAt; moment += 3) {
    for (const keep of [KEEP_NONE, KEEP_ALL]) {
      machine.reboot()
      const store = storeOn(disk.afterPowerCut(moment, keep), machine)
      const before = await store.read(DISK_RUN).catch(() => null)
      if (before === null || before.records.length === 0 || before.isSealed) continue
      const result = await (await resumeRun(DISK_RUN, servicesOn(store))).result
      expect({ moment, said: transcript(result.events, result.context) }).toEqual({ moment, said })
      const { records } = await store.read(DISK_RUN)
      const answered = records.flatMap(({ k, id }) => (k === 'ok' ? [id] : []))
      expect({ moment, twice: answered.length - new Set(answered).size }).toEqual({ moment, twice: 0 })
      expect(replayRecords(records)).toMatchObject({ divergence: null, digest: result.digest })
      await store.close()
      resumed += 1
    }
  }
  expect(resumed).toBeGreaterThan(20)
})
