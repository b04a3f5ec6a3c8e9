/** How films stand in a chat's answer (`features.video_format`). */
export type FilmFormat = 'grok_url' | 'local_url' | 'grok_html' | 'local_html'

/** Where a film can be had: at the upstream, and here. */
export interface FilmAddresses {
  readonly upstream: string
  readonly local: string
}

/** A film as it stands in an answer's text (spec/public-api.md §5.3). */
export function presentFilm(format: FilmFormat, { upstream, local }: FilmAddresses): string {
  const url = format === 'local_url' || format === 'local_html' ? local : upstream
  return format === 'grok_html' || format === 'local_html' ? encodeFilmTag(url) : url
}

function encodeFilmTag(url: string): string {
  return `<video controls src="${url.replaceAll(/[&"'<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)}"></video>`
}
