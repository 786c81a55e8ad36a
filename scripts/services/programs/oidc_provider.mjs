// An OpenID Connect provider for tests: node oidc_provider.mjs PORT CALLBACK; stops on SIGTERM.
// Its pages for developers sign in whoever gives a name; every password is right.
import Provider from 'oidc-provider';

const [port, callback] = process.argv.slice(2);
const client = (id, more) => ({
  client_id: id,
  client_secret: `secret of ${id}`,
  redirect_uris: [callback],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'client_secret_post',
  ...more,
});

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client('shop'), client('plain'), client('other')],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'picture'] },
  scopes: ['openid', 'offline_access', 'email', 'profile'],
  features: {
    devInteractions: { enabled: true },
    introspection: { enabled: true },
    userinfo: { enabled: true },
  },
  pkce: { required: (_, { clientId }) => clientId === 'shop' },
  cookies: { keys: ['for tests only'] },
  findAccount: async (_, id) => ({
    accountId: id,
    claims: async () => ({
      sub: id,
      email: `${id}@corp.example`,
      email_verified: !id.startsWith('unverified'),
      name: `Dr ${id}`,
      picture: `https://corp.example/${id}.png?size=1`,
    }),
  }),
});
provider.listen(Number(port), '127.0.0.1');
