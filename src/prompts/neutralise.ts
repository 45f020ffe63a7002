/*
 * Servers tokenise a whole prompt with their template's control tokens recognised, so text that contains one acts as
 * one: on Ollama 0.13 and llama.cpp's server `<|im_end|>` inside the user's material ends the user's turn, and what
 * follows it can forge a turn of the assistant. Material is therefore passed through here before it enters a prompt.
 */

/** Put after a control token's first character; U+2060 WORD JOINER has no width and breaks the token for a tokeniser. */
const BREAK = '\u2060'

/**
 * Control tokens of the model families that local servers run: ChatML (Qwen, Yi, Phi), Llama 2 and 3, Mistral, Gemma,
 * DeepSeek (whose bars are U+FF5C), harmony (gpt-oss), Command R, Granite, StarCoder's and Qwen's fill-in-the-middle.
 * No token may hold `<` or `[` after its opening: then none can hide inside another, and one pass finds all.
 */
const CONTROL_TOKENS: readonly RegExp[] = [
  /<\|[^\s<>|[\]]{1,40}\|>/, // <|im_start|> <|eot_id|> <|end|> <|assistant|> <|START_OF_TURN_TOKEN|> …
  /<\|[a-z]{1,20}>/, // harmony and Granite variants without the second bar
  /<｜[^\n<>｜[\]]{1,40}｜>/, // DeepSeek
  /<\/?s>/,
  /\[\/?INST\]/,
  /<<\/?SYS>>/,
  /\[\/?(?:AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|SYSTEM_PROMPT|IMG|PREFIX|MIDDLE|SUFFIX|THINK)\]/,
  /<\/?(?:start_of_turn|end_of_turn|bos|eos|pad|unk|think|tool_call|tool_response|tools)>/,
  /<(?:fim_prefix|fim_middle|fim_suffix|fim_pad|file_sep|repo_name|endoftext|start_of_image|end_of_image)>/,
]
const ANY_CONTROL = new RegExp(CONTROL_TOKENS.map((token) => token.source).join('|'), 'g')
/** A break that this module could have put there: after an opening, before what makes a token again. */
const BROKEN = new RegExp(`([<[])${BREAK}`, 'g')

/**
 * Returns `text` with every control token made inert by a word joiner after its first character; it still reads the
 * same on a screen. Idempotent; text without a control token comes back as it is. Linear in its length.
 */
export function neutraliseControlTokens(text: string): string {
  return text.replace(ANY_CONTROL, (token) => token.charAt(0) + BREAK + token.slice(1))
}

/**
 * Returns `text` with the word joiners taken out that stand where `neutraliseControlTokens` puts them; a model that
 * repeats its material gives it back this way. A word joiner anywhere else stays.
 */
export function restoreControlTokens(text: string): string {
  return text.replace(BROKEN, (found, open: string, offset: number) => {
    const rest = open + text.slice(offset + found.length, offset + found.length + 48)
    return rest.search(ANY_CONTROL) === 0 ? open : found
  })
}
