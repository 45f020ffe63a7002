/**
 * What the self-test runs inside, as text. Each line printed is one attack and its result: `ok NAME` when it was held off, `bad NAME
 * WHY` when it was not. They try what matters most: the network of the host, its files, its environment, its processes, its
 * kernel settings, what it counts per user, and whether the bounds bind. argv: TCP port, abstract socket name, canary file, canary text.
 */
export const PROBE_JAVASCRIPT = String.raw`
'use strict'
const fs = require('node:fs'), net = require('node:net'), { spawn } = require('node:child_process')
const [port, abstract, canaryFile, canary] = process.argv.slice(1)
const say = (name, why) => fs.writeSync(1, (why ? 'bad ' : 'ok ') + name + (why ? ' ' + why : '') + '\n')
const held = (name, attempt) => { try { say(name, attempt()) } catch { say(name) } }
const connect = (name, options) => new Promise((resolve) => {
  const socket = net.connect(options, () => { say(name, 'connected'); socket.destroy(); resolve() })
  socket.on('error', () => { say(name); resolve() })
})
const main = async () => {
  await connect('loopback', { host: '127.0.0.1', port: Number(port) })
  await connect('abstract-socket', { path: '\0' + abstract })
  held('host-file', () => fs.readFileSync(canaryFile, 'utf8') && 'readable')
  held('host-environment', () => fs.readFileSync('/proc/1/environ', 'utf8').includes(canary) && 'visible')
  held('read-only', () => { fs.appendFileSync('/box/mounted.txt', 'x'); return 'writable' })
  held('root-read-only', () => { fs.writeFileSync('/etc/x', 'x'); return 'writable' })
  held('kernel-settings', () => { fs.closeSync(fs.openSync('/proc/sys/kernel/core_pattern', 'w')); return 'writable' })
  try { fs.watch('/tmp').close(); say('file-watches', 'to be had') } catch (error) { say('file-watches', error.code === 'EPERM' ? '' : error.code) }
  held('javascript-memory', () => Buffer.alloc(600 * 1024 * 1024) && '600 MiB in one process')
  const status = fs.readFileSync('/proc/self/status', 'utf8')
  const field = (name) => (new RegExp('^' + name + ':\\s*(\\S+)', 'm').exec(status) || [])[1]
  say('system-call-filter', field('Seccomp') === '2' ? '' : 'off')
  say('no-new-privileges', field('NoNewPrivs') === '1' ? '' : 'off')
  say('capabilities', Number('0x' + field('CapEff')) === 0 ? '' : field('CapEff'))
  say('identity', process.getuid() !== 0 ? '' : 'uid 0 inside')
  say('host-processes', fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length < 20 ? '' : 'visible')
  let started = 0, done = 0
  await new Promise((resolve) => {
    for (let i = 0; i < 90; i++) {
      let child
      try { child = spawn('/usr/bin/sleep', ['9'], { stdio: 'ignore' }) } catch { done++; continue }
      child.on('error', () => { if (++done === 90) resolve() })
      child.on('spawn', () => { started++; if (++done === 90) resolve() })
    }
    if (done === 90) resolve()
  })
  say('process-limit', started < 80 ? '' : started + ' processes')
  say('finished')
  process.exit(0)
}
main()
`

export const PROBE_PYTHON = String.raw`
import os, socket
def held(name, attempt):
    try: why = attempt()
    except BaseException: why = ''
    os.write(1, (('bad ' if why else 'ok ') + name + (' ' + why if why else '') + '\n').encode())
held('vm-socket', lambda: socket.socket(40, socket.SOCK_STREAM) and 'opened')
held('netlink', lambda: socket.socket(16, socket.SOCK_RAW) and 'opened')
held('python-memory', lambda: bytearray(600 << 20) and '600 MiB in one process')
held('memfd', lambda: os.memfd_create('x') and 'opened')
def many():
    for i in range(9000): os.close(os.open('/scratch/%d' % i, os.O_CREAT | os.O_WRONLY))
    return '9000 inodes'
if os.environ.get('PROBE_INODES') == '1': held('inode-limit', many)
os.write(1, b'ok finished\n')
`

/** Bound of the program below, of which it takes one and a half times. */
export const PROBE_MEMORY_BYTES = 64 * 1024 * 1024

/**
 * Takes more memory than it may with processes that may each have what they take. Held off when it is ended, or one of them is. It waits
 * for that, for whoever watches may look only now and then.
 */
export const PROBE_MEMORY = String.raw`
import os, time
for _ in range(6):
    if os.fork() == 0:
        taken = bytearray(b'x') * (16 << 20)
        time.sleep(9)
        os._exit(0)
until = time.monotonic() + 3
while time.monotonic() < until:
    if os.waitpid(-1, os.WNOHANG)[0]:
        os.write(1, b'ok memory-total\n')
        os._exit(0)
    time.sleep(0.02)
os.write(1, b'bad memory-total 96 MiB of 64\n')
os._exit(0)
`
