import { buildFilter, type SeccompArch } from '../../src/sandbox/drivers/seccomp.ts'

const AUDIT: Record<SeccompArch, number> = { x64: 0xc000003e, arm64: 0xc00000b7 }

/** Runs the filter as the kernel would: an interpreter of the few instructions it uses. */
export function judgeCall(arch: SeccompArch, call: { nr: number; audit?: number; args?: readonly bigint[] }): number {
  const data = new DataView(new ArrayBuffer(64))
  data.setUint32(0, call.nr >>> 0, true)
  data.setUint32(4, call.audit ?? AUDIT[arch], true)
  for (const [i, arg] of (call.args ?? []).entries()) data.setBigUint64(16 + 8 * i, BigInt.asUintN(64, arg), true)
  const program = buildFilter(arch)
  let a = 0
  for (let at = 0; ; at++) {
    const op = program[at]
    if (!op) throw new Error('the filter ran off its end')
    if (op.code === 0x20) a = data.getUint32(op.k, true)
    else if (op.code === 0x06) return op.k
    else {
      const k = op.k >>> 0
      const isTaken = op.code === 0x15 ? a === k : op.code === 0x35 ? a >= k : (a & k) !== 0
      at += isTaken ? op.jt : op.jf
    }
  }
}
