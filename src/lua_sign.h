/* The handles of keys and signers, for bindings that use one. */
#ifndef DPS_LUA_SIGN_H
#define DPS_LUA_SIGN_H

#include <stdbool.h>
#include <lua.h>

#include "sign_key.h"
#include "sign_profile.h"

#define DPS_KEY "dps.key"
#define DPS_SIGNER "dps.signer"

/* The key behind index i; raises for anything else. Valid while the handle is. */
struct dps_sign_key *dps_check_key(lua_State *L, int i);
/* The profile behind index i; raises for anything else. Valid while the handle is. */
struct dps_profile *dps_check_signer(lua_State *L, int i);

/* Pushes nil, the reason's word and a sentence; gives 3. */
int dps_push_fault(lua_State *L, const struct dps_sign_fault *);

/* A field of the options table at index i: its type must be string or nil (then NULL). Pushed. */
const char *dps_text_option(lua_State *L, int i, const char *name);

/* The strings of a list in the options table at index i, each with a mark that may stand behind it
 * ("?" or "!"; else NUL) taken off. Pushes one value, which keeps what *to points to; gives their
 * number. Raises for what is no such list, or is longer. */
struct dps_marked {
  const char *text;
  char mark;
};
size_t dps_marked_option(lua_State *L, int i, const char *name, size_t most,
                         const struct dps_marked **to);

/* Whether what is made now would never be finalized: its engine is closing. */
bool dps_is_closing(lua_State *L);

/* Registration, for lua_sign.c. */
void dps_open_key(lua_State *L);
void dps_open_verify(lua_State *L);

#endif
