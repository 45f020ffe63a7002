import { expect, test } from 'vitest'
import { readHardware } from '../../src/system/hardware.ts'

const machine = { cpuModel: 'CPU 9000', memoryBytes: 16.04 * 1024 ** 3 }

test('a machine without the tool of NVIDIA has nulls, no guesses', async () => {
  expect(await readHardware({ ...machine, nvidia: async () => null })).toEqual({
    gpu_name: null,
    vram_gb: null,
    driver: null,
    cuda_version: null,
    cpu_model: 'CPU 9000',
    ram_gb: 16,
  })
})

test('the first card is told, with memory in GiB and the CUDA version of the banner', async () => {
  const nvidia = async (args: readonly string[]): Promise<string> =>
    args.length > 0
      ? 'NVIDIA GeForce RTX 4090, 24564, 550.54.14\nNVIDIA T4, 15360, 550.54.14\n'
      : '| NVIDIA-SMI 550.54.14   Driver Version: 550.54.14   CUDA Version: 12.4 |'
  expect(await readHardware({ ...machine, nvidia })).toMatchObject({
    gpu_name: 'NVIDIA GeForce RTX 4090',
    vram_gb: 24,
    driver: '550.54.14',
    cuda_version: '12.4',
  })
})

test('what the tool cannot say is null', async () => {
  const nvidia = async (args: readonly string[]): Promise<string> => (args.length > 0 ? 'GRID, [N/A], 1.0' : 'garbage')
  expect(await readHardware({ ...machine, nvidia })).toMatchObject({ gpu_name: 'GRID', vram_gb: null, cuda_version: null })
})

test('this machine can be looked at', async () => {
  expect((await readHardware()).ram_gb).toBeGreaterThan(0)
})
