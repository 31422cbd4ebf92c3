#include "MartletSamples.h"

// #embed belongs to C23; clang accepts it in C11 and would say so for each use.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char digits_png[] = {
#embed "Data/digits.png"
};

static const unsigned char pride_and_prejudice_gzip[] = {
#embed "Data/pride_and_prejudice.txt.gz"
};

static const unsigned char persuasion_gzip[] = {
#embed "Data/persuasion.txt.gz"
};

#pragma clang diagnostic pop

const unsigned char *martlet_samples_digits_png(size_t *size) {
  *size = sizeof digits_png;
  return digits_png;
}

const unsigned char *martlet_samples_pride_and_prejudice_gzip(size_t *size) {
  *size = sizeof pride_and_prejudice_gzip;
  return pride_and_prejudice_gzip;
}

const unsigned char *martlet_samples_persuasion_gzip(size_t *size) {
  *size = sizeof persuasion_gzip;
  return persuasion_gzip;
}
