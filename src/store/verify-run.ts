import type { RunId } from '../domain/ids.ts'
import { loadRun, type StoreDisk } from './journal.ts'
import { chainValue, listSegments, readSeals, SEGMENTS_FILE, segmentFile } from './segments.ts'

/** What checking one segment found: `sealed` and right, `open` (not sealed yet), or what is wrong with it. */
interface SegmentReport {
  readonly file: string
  readonly state: 'sealed' | 'open' | 'changed' | 'missing'
}

export interface RunReport {
  readonly runId: RunId
  /** True where every line, payload and seal is right; an unfinished run can be sound. */
  readonly isSound: boolean
  readonly isSealed: boolean
  readonly records: number
  readonly segments: readonly SegmentReport[]
  /** Chain value of the last sealed segment; vouches for all before it. Null where none is sealed. */
  readonly chain: string | null
  /** What is wrong, in words; empty for a sound run. */
  readonly problems: readonly string[]
}

/** Checks every line, payload and seal of a run. Never writes. Throws `RUN_NOT_FOUND`, or what the disk says. */
export function verifyRunFiles(disk: StoreDisk, runId: RunId): RunReport {
  const folder = `${disk.runsFolder}/${runId}`
  const problems: string[] = []
  const loaded = tryLoad(disk, runId, problems)
  const isSealed = loaded?.isSealed ?? false
  const { segments, chain } = checkSeals(disk, folder, problems)
  if (isSealed && segments.at(-1)?.state === 'open') problems.push(`${SEGMENTS_FILE} does not seal the end of a finished run`)
  return { runId, isSound: problems.length === 0, isSealed, records: loaded?.records ?? 0, segments, chain, problems }
}

function tryLoad(disk: StoreDisk, runId: RunId, problems: string[]): { isSealed: boolean; records: number } | null {
  try {
    const { run } = loadRun(disk, runId)
    if (run.tornBytes > 0) problems.push(`the last ${run.tornBytes} bytes are a line that was cut off`)
    return { isSealed: run.isSealed, records: run.records.length }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'LOG_CORRUPT') throw error
    problems.push(error.message)
    return null
  }
}

function checkSeals({ fs }: StoreDisk, folder: string, problems: string[]): Pick<RunReport, 'segments' | 'chain'> {
  const present = listSegments(fs.list(folder))
  const files = [...present.files, ...present.beyond]
  const seals = readSeals(fs, folder) ?? []
  if (seals.length === 0 && fs.exists(`${folder}/${SEGMENTS_FILE}`)) problems.push(`${SEGMENTS_FILE} cannot be read`)
  const segments: SegmentReport[] = []
  let chain: string | null = null
  if (seals.some((seal, index) => seal.file !== segmentFile(index + 1))) problems.push(`${SEGMENTS_FILE} leaves out a segment`)
  for (const seal of seals) {
    const isThere = files.includes(seal.file)
    const content = isThere ? fs.read(`${folder}/${seal.file}`) : Buffer.alloc(0)
    const isRight = isThere && content.length === seal.bytes && chainValue(chain ?? '', content) === seal.chain
    segments.push({ file: seal.file, state: isRight ? 'sealed' : isThere ? 'changed' : 'missing' })
    if (!isRight) problems.push(`${seal.file} is ${isThere ? 'not what was sealed' : 'missing'}`)
    chain = seal.chain
  }
  for (const file of files) if (!seals.some((seal) => seal.file === file)) segments.push({ file, state: 'open' })
  return { segments, chain }
}
