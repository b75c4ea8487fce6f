import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { getOperationAST } from 'graphql';

/** GraphiQL's own fetcher, and for subscriptions, for which it knows only web sockets, server-sent events. */
export function createFetcher(url) {
  const fetchOnce = createGraphiQLFetcher({ url });
  return (params, options) =>
    subscribes(params, options) ? eventsOf(url, params, options?.headers) : fetchOnce(params, options);
}

function subscribes({ operationName }, options) {
  const document = options?.documentAST;
  return document && getOperationAST(document, operationName)?.operation === 'subscription';
}

/** The results of a subscription, which ends when nobody wants them any more. */
function eventsOf(url, params, headers) {
  return {
    subscribe(observer) {
      const stopping = new AbortController();
      listen(url, params, headers, stopping.signal, observer)
        .then(() => observer.complete())
        .catch((error) => stopping.signal.aborted || observer.error(error));
      return { unsubscribe: () => stopping.abort() };
    },
  };
}

/** GraphQL over SSE, distinct connections mode; this gateway writes an event's data in one line. */
async function listen(url, params, headers, signal, observer) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify(params),
    signal,
  });
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    observer.next(await response.json());
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let unread = '';
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    const events = (unread + chunk.value).split('\n\n');
    unread = events.pop();
    for (const event of events.filter((event) => event.startsWith('event: next\n'))) {
      observer.next(JSON.parse(event.slice(event.indexOf('data: ') + 'data: '.length)));
    }
  }
}
