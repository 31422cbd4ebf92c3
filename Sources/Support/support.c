#include "MartletSupport.h"
#include <pthread.h>
#include <stddef.h>

static _Thread_local void *recorder;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void (*end)(void *);

static void thread_end(void *value) {
  recorder = NULL;
  if (end) end(value);
}

static void make_key(void) { pthread_key_create(&key, thread_end); }

void *martlet_thread_recorder(void) { return recorder; }

void martlet_set_thread_recorder(void *value, void (*at_end)(void *)) {
  end = at_end;
  pthread_once(&once, make_key);
  pthread_setspecific(key, value);
  recorder = value;
}
