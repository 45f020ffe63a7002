import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { delimiter, join } from 'node:path'
import type { KpiHardware } from '../domain/kpi.ts'

const TIMEOUT_MS = 2_000
const MAX_OUTPUT_BYTES = 256 * 1024
const GIB = 1024 ** 3

/** What `readHardware` reads from; tests hand in their own. */
export interface HardwareSources {
  readonly cpuModel: string | null
  readonly memoryBytes: number
  /** Returns what NVIDIA's tool prints for these arguments; null where it is not installed, fails or takes too long. */
  readonly nvidia: (args: readonly string[]) => Promise<string | null>
}

/** Returns what this machine has; GB are GiB, one decimal. What cannot be told is null, never guessed. Never throws. */
export async function readHardware(sources: HardwareSources = hostSources()): Promise<KpiHardware> {
  const [gpu, banner] = await Promise.all([
    sources.nvidia(['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader,nounits']),
    sources.nvidia([]),
  ])
  // One line a card; runs are told apart by the first.
  const [name = '', memoryMib = '', driver = ''] = (gpu?.split('\n')[0] ?? '').split(',').map((part) => part.trim())
  const vram = /^\d+$/.test(memoryMib) ? tenths(Number(memoryMib) / 1024) : null
  return {
    gpu_name: name || null,
    vram_gb: vram,
    driver: driver || null,
    cuda_version: /CUDA Version:\s*([\d.]+)/.exec(banner ?? '')?.[1] ?? null,
    cpu_model: sources.cpuModel,
    ram_gb: tenths(sources.memoryBytes / GIB),
  }
}

function hostSources(): HardwareSources {
  return {
    cpuModel: cpus()[0]?.model.trim() || null,
    memoryBytes: totalmem(),
    nvidia: (args) => {
      const tool = findTool(process.platform === 'win32' ? 'nvidia-smi.exe' : 'nvidia-smi')
      return tool === null ? Promise.resolve(null) : run(tool, args)
    },
  }
}

/** Returns the full path of a program, so that nothing is started where it is not installed. */
function findTool(name: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null
}

function run(tool: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, killSignal: 'SIGKILL' as const, windowsHide: true }
    execFile(tool, args, options, (error, stdout) => resolve(error === null ? stdout : null))
  })
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10
}
