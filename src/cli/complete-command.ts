import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'

/**
 * Adds the hidden command that completion scripts call on every Tab. It knows what the parser knows: no server is asked and no
 * file is read. Ends nothing and throws nothing; suggestions go to stdout.
 */
export function addCompleteCommand(program: Command): void {
  tab(program, { completionCommandName: 'completion' })
}
