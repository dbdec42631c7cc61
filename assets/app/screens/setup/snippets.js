// What to paste: the smallest program that asks this server for its flags, in several languages.

export const LANGUAGES = [['curl', 'curl'], ['js', 'JavaScript (OpenFeature)'], ['python', 'Python (OpenFeature)'], ['go', 'Go (OpenFeature)']];

const MAKE = {
  curl: (origin, key) => `curl ${origin}/api/v1/evaluate \\
  -H 'X-API-Key: ${key}' \\
  -H 'Content-Type: application/json' \\
  -d '{"flags": ["*"], "context": {"user_key": "somebody"}}'`,
  js: (origin, key) => `// npm install @openfeature/server-sdk @openfeature/ofrep-provider
import { OpenFeature } from '@openfeature/server-sdk';
import { OFREPProvider } from '@openfeature/ofrep-provider';

await OpenFeature.setProviderAndWait(new OFREPProvider({
  baseUrl: '${origin}',
  headers: [['X-API-Key', '${key}']],
}));
const flags = OpenFeature.getClient();
const on = await flags.getBooleanValue('new-checkout', false, { targetingKey: 'somebody' });`,
  python: (origin, key) => `# pip install openfeature-sdk openfeature-provider-ofrep
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

api.set_provider(OFREPProvider(
    base_url="${origin}",
    headers_factory=lambda: {"X-API-Key": "${key}"},
))
on = api.get_client().get_boolean_value(
    "new-checkout", False, EvaluationContext(targeting_key="somebody"))`,
  go: (origin, key) => `// go get github.com/open-feature/go-sdk/openfeature
// go get github.com/open-feature/go-sdk-contrib/providers/ofrep
provider := ofrep.NewProvider("${origin}", ofrep.WithHeader("X-API-Key", "${key}"))
openfeature.SetProviderAndWait(provider)
client := openfeature.NewClient("app")
user := openfeature.NewEvaluationContext("somebody", nil)
on, err := client.BooleanValue(ctx, "new-checkout", false, user)`,
};

export const snippet = (language, origin, key) => MAKE[language](origin, key);
