import type { CodegenConfig } from '@graphql-codegen/cli';
import { MERCADO_URL } from '../market.ts';

const config: CodegenConfig = {
  schema: MERCADO_URL,
  documents: 'operations/*.graphql',
  generates: {
    'codegen/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        emitLegacyCommonJSImports: false,
        enumsAsTypes: true,
        scalars: { DateTime: 'string', Decimal: 'string', ID: 'string' },
        strictScalars: true,
        useTypeImports: true,
      },
    },
  },
};

export default config;
