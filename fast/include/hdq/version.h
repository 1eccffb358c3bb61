/* The version of these headers; hdq_version() (hdq/hdq.h) gives that of the library. Before 1.0, versions of one minor number are
   compatible with each other, and the shared library's name carries major and minor. */
#ifndef HDQ_VERSION_H
#define HDQ_VERSION_H

#define HDQ_VERSION_MAJOR 0
#define HDQ_VERSION_MINOR 2
#define HDQ_VERSION_PATCH 0
#define HDQ_VERSION_STRING "0.2.0"

#endif /* HDQ_VERSION_H */
