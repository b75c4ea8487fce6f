import './workers.js';
import './playground.css';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { createFetcher } from './fetcher.js';

const NEUTRAL = {
  endpoint: '/graphql',
  defaultTabs: [{ query: '# Ctrl-Space completes, Ctrl-Enter runs.\nquery Example {\n  __typename\n}\n' }],
};

/** What the gateway wants the page to start with; a graph of which it was told nothing gets the neutral example. */
async function configuration() {
  const response = await fetch('playground-config.json');
  const given = response.ok ? await response.json() : {};
  return {
    endpoint: given.endpoint ?? NEUTRAL.endpoint,
    defaultTabs: given.defaultTabs?.length ? given.defaultTabs : NEUTRAL.defaultTabs,
  };
}

/** Request headers hold access tokens, so they are not kept in the browser's storage unless the user asks for it. */
function Playground({ endpoint, defaultTabs }) {
  return (
    <GraphiQL
      fetcher={createFetcher(endpoint)}
      defaultTabs={defaultTabs}
      defaultEditorToolsVisibility="headers"
      isHeadersEditorEnabled
      shouldPersistHeaders={false}
      showPersistHeadersSettings
      inputValueDeprecation
      schemaDescription
    />
  );
}

const page = document.getElementById('playground');
try {
  createRoot(page).render(<Playground {...(await configuration())} />);
} catch (error) {
  page.innerHTML = '<p>The playground could not start. Is the gateway still running?</p>';
  throw error;
}
