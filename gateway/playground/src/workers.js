const WORKERS = { graphql: 'graphql.worker.js', json: 'json.worker.js' };

// Monaco asks for its workers through this global, and must find it before its first editor exists.
globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    return new Worker(new URL(WORKERS[label] ?? 'editor.worker.js', import.meta.url), { name: label });
  },
};
