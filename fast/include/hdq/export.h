/* HDQ_EXPORT: what a shared library of hdq shows; all else is hidden. */
#ifndef HDQ_EXPORT_H
#define HDQ_EXPORT_H

#if defined(__GNUC__)
#define HDQ_EXPORT __attribute__((visibility("default")))
#else
#define HDQ_EXPORT
#endif

#endif /* HDQ_EXPORT_H */
