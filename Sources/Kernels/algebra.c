// Batches of factorizations: each matrix is a chunk of its own; a single one runs on the caller, and its products on
// the pool.
#include "algebra.h"

#include <stdlib.h>

#include "row_runtime.h"

static const algebra_table *table(int is_double) {
#if defined(__x86_64__)
  int isa = rows_isa();
  if (isa == 2) return is_double ? &martlet_algebra_avx512_f64 : &martlet_algebra_avx512_f32;
  if (isa == 1) return is_double ? &martlet_algebra_avx2_f64 : &martlet_algebra_avx2_f32;
#endif
  return is_double ? &martlet_algebra_scalar_f64 : &martlet_algebra_scalar_f32;
}

typedef enum operation { cholesky, solve, lu, qr, eigh, svd } operation;

typedef struct algebra_job {
  operation operation;
  const algebra_table *table;
  size_t rows, columns, batch, per_chunk, width, work;
  int flags[3];
  const char *a, *b;
  char *results[3];
  /// Elements of each result, and of the operands.
  size_t sizes[3], a_size, b_size;
  martlet_algebra_error *errors;
} algebra_job;

static int run_one(const algebra_job *job, size_t matrix, void *work, martlet_algebra_error *error) {
  const void *a = job->a + matrix * job->a_size * job->width;
  void *first = job->results[0] + matrix * job->sizes[0] * job->width;
  void *second = job->results[1] + matrix * job->sizes[1] * job->width;
  void *third = job->results[2] + matrix * job->sizes[2] * job->width;
  const algebra_table *table = job->table;
  size_t rows = job->rows, columns = job->columns;
  const int *flags = job->flags;
  switch (job->operation) {
    case cholesky: return table->cholesky(rows, a, first, error);
    case solve:
      return table->triangular_solve(flags[0], flags[1], flags[2], rows, columns, a,
                                     job->b + matrix * job->b_size * job->width, first, error);
    case lu: return table->lu(rows, columns, a, first, (int64_t *)job->results[1] + matrix * rows);
    case qr: return table->qr(rows, columns, flags[0], a, first, second, work);
    case eigh: return table->eigh(rows, a, first, second, work, error);
    default: return table->svd(rows, columns, a, first, second, third, work, error);
  }
}

static void run_chunk(void *context, size_t chunk, size_t worker) {
  (void)worker;
  const algebra_job *job = context;
  martlet_algebra_error *error = &job->errors[chunk];
  void *work = job->work > 0 ? malloc(job->work * job->width) : NULL;
  if (job->work > 0 && work == NULL) {
    error->status = MARTLET_ALGEBRA_OUT_OF_MEMORY;
    return;
  }
  size_t first = chunk * job->per_chunk, last = first + job->per_chunk;
  for (size_t matrix = first; matrix < last && matrix < job->batch; matrix++) {
    int status = run_one(job, matrix, work, error);
    error->status = status;
    error->matrix = matrix;
    if (status != MARTLET_ALGEBRA_OK) break;
  }
  free(work);
}

static int run(algebra_job *job, martlet_algebra_error *error) {
  enum { chunk_operations = 1 << 15 };
  size_t larger = job->rows > job->columns ? job->rows : job->columns, least = job->rows < larger ? job->rows : job->columns;
  size_t operations = larger * (least + 1) * (least + 1);
  job->per_chunk = operations >= chunk_operations ? 1 : chunk_operations / operations;
  size_t chunks = (job->batch + job->per_chunk - 1) / job->per_chunk;
  *error = (martlet_algebra_error){0};
  if (chunks == 0) return MARTLET_ALGEBRA_OK;
  job->errors = calloc(chunks, sizeof *job->errors);
  if (job->errors == NULL) {
    error->status = MARTLET_ALGEBRA_OUT_OF_MEMORY;
    return MARTLET_ALGEBRA_OUT_OF_MEMORY;
  }
  rows_parallel(chunks, run_chunk, job);
  for (size_t i = 0; i < chunks; i++) {
    if (job->errors[i].status == MARTLET_ALGEBRA_OK) continue;
    *error = job->errors[i];
    break;
  }
  free(job->errors);
  return error->status;
}

static algebra_job job_of(operation operation, int is_double, size_t rows, size_t columns, size_t batch, const void *a) {
  return (algebra_job){.operation = operation, .table = table(is_double), .rows = rows, .columns = columns,
                       .batch = batch, .width = is_double ? 8 : 4, .a = a, .a_size = rows * columns};
}

// Working memory for reflections that are applied together, of vectors of `length` to `rows` rows.
static size_t gathering(size_t length, size_t rows) { return 32 * (length + 2 * rows + 32); }

int martlet_cholesky(int is_double, size_t n, size_t batch, const void *a, void *l, martlet_algebra_error *error) {
  algebra_job job = job_of(cholesky, is_double, n, n, batch, a);
  job.results[0] = l;
  job.sizes[0] = n * n;
  return run(&job, error);
}

int martlet_triangular_solve(int is_double, int is_lower, int is_transposed, int is_unit, size_t n, size_t columns,
                             size_t batch, const void *a, const void *b, void *x, martlet_algebra_error *error) {
  algebra_job job = job_of(solve, is_double, n, columns, batch, a);
  job.flags[0] = is_lower, job.flags[1] = is_transposed, job.flags[2] = is_unit;
  job.a_size = n * n;
  job.b = b;
  job.b_size = job.sizes[0] = n * columns;
  job.results[0] = x;
  return run(&job, error);
}

int martlet_lu(int is_double, size_t rows, size_t columns, size_t batch, const void *a, void *packed, int64_t *order,
               martlet_algebra_error *error) {
  algebra_job job = job_of(lu, is_double, rows, columns, batch, a);
  job.results[0] = packed;
  job.sizes[0] = rows * columns;
  job.results[1] = (char *)order;
  return run(&job, error);
}

int martlet_qr(int is_double, size_t rows, size_t columns, size_t batch, int is_complete, const void *a, void *q,
               void *r, martlet_algebra_error *error) {
  algebra_job job = job_of(qr, is_double, rows, columns, batch, a);
  size_t kept = is_complete || rows < columns ? rows : columns;
  job.flags[0] = is_complete;
  job.results[0] = q, job.results[1] = r;
  job.sizes[0] = rows * kept, job.sizes[1] = kept * columns;
  job.work = rows * columns + rows * kept + rows + gathering(rows, kept > columns ? kept : columns);
  return run(&job, error);
}

int martlet_eigh(int is_double, size_t n, size_t batch, const void *a, void *values, void *vectors,
                 martlet_algebra_error *error) {
  algebra_job job = job_of(eigh, is_double, n, n, batch, a);
  job.results[0] = values, job.results[1] = vectors;
  job.sizes[0] = n, job.sizes[1] = n * n;
  job.work = 2 * n * n + 3 * n + gathering(n, n);
  return run(&job, error);
}

int martlet_svd(int is_double, size_t rows, size_t columns, size_t batch, const void *a, void *u, void *s, void *vt,
                martlet_algebra_error *error) {
  algebra_job job = job_of(svd, is_double, rows, columns, batch, a);
  size_t tall = rows > columns ? rows : columns, few = rows > columns ? columns : rows;
  job.results[0] = u, job.results[1] = s, job.results[2] = vt;
  job.sizes[0] = rows * few, job.sizes[1] = few, job.sizes[2] = few * columns;
  job.work = 2 * tall * few + few * few + 5 * few + tall + gathering(tall, few);
  return run(&job, error);
}
