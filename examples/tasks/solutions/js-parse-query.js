export function parseQuery(text) {
  const result = {}
  for (const part of text.replace(/^\?/, '').split('&')) {
    if (part === '') continue
    const at = part.indexOf('=')
    if (at < 0) result[part] = true
    else result[part.slice(0, at)] = part.slice(at + 1)
  }
  return result
}
